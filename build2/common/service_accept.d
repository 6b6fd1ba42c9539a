build2/common/service_accept.o: common/service_accept.c \
 common/service_accept.h common/port.h common/ring.h common/clock.h \
 common/fiber.h common/log.h common/meter.h common/service.h \
 common/conf.h common/listen.h common/service_crowd.h \
 common/tls_settings.h common/service_acceptor.h common/service_conf.h \
 common/service_id.h common/service_listen.h common/worker.h
common/service_accept.h:
common/port.h:
common/ring.h:
common/clock.h:
common/fiber.h:
common/log.h:
common/meter.h:
common/service.h:
common/conf.h:
common/listen.h:
common/service_crowd.h:
common/tls_settings.h:
common/service_acceptor.h:
common/service_conf.h:
common/service_id.h:
common/service_listen.h:
common/worker.h:
