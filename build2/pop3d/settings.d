build2/pop3d/settings.o: pop3d/settings.c pop3d/settings.h \
 common/service.h common/conf.h common/listen.h common/service_crowd.h \
 common/tls_settings.h pop3d/backend_capa.h common/conf.h pop3d/lang.h \
 common/listen_path.h common/log.h common/mechanism.h common/sasl.h \
 common/wire.h common/network.h
pop3d/settings.h:
common/service.h:
common/conf.h:
common/listen.h:
common/service_crowd.h:
common/tls_settings.h:
pop3d/backend_capa.h:
common/conf.h:
pop3d/lang.h:
common/listen_path.h:
common/log.h:
common/mechanism.h:
common/sasl.h:
common/wire.h:
common/network.h:
