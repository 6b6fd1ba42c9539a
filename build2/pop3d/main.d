build2/pop3d/main.o: pop3d/main.c pop3d/client.h common/service.h \
 common/conf.h common/listen.h common/service_crowd.h \
 common/tls_settings.h
pop3d/client.h:
common/service.h:
common/conf.h:
common/listen.h:
common/service_crowd.h:
common/tls_settings.h:
