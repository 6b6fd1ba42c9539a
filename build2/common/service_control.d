build2/common/service_control.o: common/service_control.c \
 common/service_control.h common/conf.h common/tls_files.h common/clock.h \
 common/log.h common/packet.h common/service.h common/listen.h \
 common/service_crowd.h common/tls_settings.h common/service_conf.h \
 common/service_listen.h common/service_listeners.h common/listen_path.h
common/service_control.h:
common/conf.h:
common/tls_files.h:
common/clock.h:
common/log.h:
common/packet.h:
common/service.h:
common/listen.h:
common/service_crowd.h:
common/tls_settings.h:
common/service_conf.h:
common/service_listen.h:
common/service_listeners.h:
common/listen_path.h:
