build2/common/fiber.o: common/fiber.c common/fiber.h common/clock.h \
 common/log.h common/meter.h common/sched.h common/ring.h \
 common/sanitize.h common/stack.h common/switch.h common/timer.h
common/fiber.h:
common/clock.h:
common/log.h:
common/meter.h:
common/sched.h:
common/ring.h:
common/sanitize.h:
common/stack.h:
common/switch.h:
common/timer.h:
