build2/common/service_acceptor.o: common/service_acceptor.c \
 common/service_acceptor.h common/listen.h common/clock.h common/fiber.h \
 common/log.h common/ring.h common/service_listen.h common/service.h \
 common/conf.h common/service_crowd.h common/tls_settings.h \
 common/tls_offload.h common/port.h
common/service_acceptor.h:
common/listen.h:
common/clock.h:
common/fiber.h:
common/log.h:
common/ring.h:
common/service_listen.h:
common/service.h:
common/conf.h:
common/service_crowd.h:
common/tls_settings.h:
common/tls_offload.h:
common/port.h:
