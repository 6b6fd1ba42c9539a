build2/common/service_listeners.o: common/service_listeners.c \
 common/service_listeners.h common/listen_path.h common/service_listen.h \
 common/service.h common/conf.h common/listen.h common/service_crowd.h \
 common/tls_settings.h common/listen_given.h common/log.h
common/service_listeners.h:
common/listen_path.h:
common/service_listen.h:
common/service.h:
common/conf.h:
common/listen.h:
common/service_crowd.h:
common/tls_settings.h:
common/listen_given.h:
common/log.h:
