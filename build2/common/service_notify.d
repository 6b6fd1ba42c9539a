build2/common/service_notify.o: common/service_notify.c \
 common/service_notify.h common/clock.h common/fiber.h common/log.h \
 common/ring.h common/worker.h
common/service_notify.h:
common/clock.h:
common/fiber.h:
common/log.h:
common/ring.h:
common/worker.h:
