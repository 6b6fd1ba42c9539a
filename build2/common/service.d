build2/common/service.o: common/service.c common/service.h common/conf.h \
 common/listen.h common/service_crowd.h common/tls_settings.h \
 common/clock.h common/conf_print.h common/fiber.h common/listen_given.h \
 common/log.h common/meter.h common/privileges.h common/service_admin.h \
 common/service_client.h common/tls_files.h common/service_control.h \
 common/service_limits.h common/service_listen.h \
 common/service_listeners.h common/listen_path.h common/service_notify.h \
 common/service_upgrade.h common/super.h common/super_exec.h \
 common/super_pid.h common/tls_client.h common/tls.h common/ring.h \
 common/tls_conf.h common/worker.h
common/service.h:
common/conf.h:
common/listen.h:
common/service_crowd.h:
common/tls_settings.h:
common/clock.h:
common/conf_print.h:
common/fiber.h:
common/listen_given.h:
common/log.h:
common/meter.h:
common/privileges.h:
common/service_admin.h:
common/service_client.h:
common/tls_files.h:
common/service_control.h:
common/service_limits.h:
common/service_listen.h:
common/service_listeners.h:
common/listen_path.h:
common/service_notify.h:
common/service_upgrade.h:
common/super.h:
common/super_exec.h:
common/super_pid.h:
common/tls_client.h:
common/tls.h:
common/ring.h:
common/tls_conf.h:
common/worker.h:
