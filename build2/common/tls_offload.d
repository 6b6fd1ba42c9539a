build2/common/tls_offload.o: common/tls_offload.c common/tls_offload.h \
 common/port.h common/ring.h common/clock.h common/fiber.h common/log.h \
 common/worker.h
common/tls_offload.h:
common/port.h:
common/ring.h:
common/clock.h:
common/fiber.h:
common/log.h:
common/worker.h:
