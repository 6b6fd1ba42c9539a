build2/common/service_client.o: common/service_client.c \
 common/service_client.h common/privileges.h common/tls_files.h \
 common/clock.h common/fiber.h common/log.h common/meter.h \
 common/service.h common/conf.h common/listen.h common/service_crowd.h \
 common/tls_settings.h common/service_accept.h common/port.h \
 common/ring.h common/service_admin.h common/service_conf.h \
 common/service_control.h common/service_id.h common/service_leave.h \
 common/service_listeners.h common/listen_path.h common/service_listen.h \
 common/service_meter.h common/service_notify.h common/service_renew.h \
 common/super.h common/tls_client.h common/tls.h common/tls_conf.h \
 common/tls_offload.h common/worker.h
common/service_client.h:
common/privileges.h:
common/tls_files.h:
common/clock.h:
common/fiber.h:
common/log.h:
common/meter.h:
common/service.h:
common/conf.h:
common/listen.h:
common/service_crowd.h:
common/tls_settings.h:
common/service_accept.h:
common/port.h:
common/ring.h:
common/service_admin.h:
common/service_conf.h:
common/service_control.h:
common/service_id.h:
common/service_leave.h:
common/service_listeners.h:
common/listen_path.h:
common/service_listen.h:
common/service_meter.h:
common/service_notify.h:
common/service_renew.h:
common/super.h:
common/tls_client.h:
common/tls.h:
common/tls_conf.h:
common/tls_offload.h:
common/worker.h:
