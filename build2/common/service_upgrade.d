build2/common/service_upgrade.o: common/service_upgrade.c \
 common/service_upgrade.h common/clock.h common/listen_given.h \
 common/listen.h common/log.h common/service_listeners.h \
 common/listen_path.h common/service_listen.h common/service.h \
 common/conf.h common/service_crowd.h common/tls_settings.h \
 common/super_exec.h common/super_old.h
common/service_upgrade.h:
common/clock.h:
common/listen_given.h:
common/listen.h:
common/log.h:
common/service_listeners.h:
common/listen_path.h:
common/service_listen.h:
common/service.h:
common/conf.h:
common/service_crowd.h:
common/tls_settings.h:
common/super_exec.h:
common/super_old.h:
