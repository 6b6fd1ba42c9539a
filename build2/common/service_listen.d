build2/common/service_listen.o: common/service_listen.c \
 common/service_listen.h common/service.h common/conf.h common/listen.h \
 common/service_crowd.h common/tls_settings.h
common/service_listen.h:
common/service.h:
common/conf.h:
common/listen.h:
common/service_crowd.h:
common/tls_settings.h:
