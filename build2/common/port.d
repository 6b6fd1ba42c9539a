build2/common/port.o: common/port.c common/port.h common/ring.h \
 common/clock.h common/fiber.h common/sched.h common/sanitize.h \
 common/stack.h common/switch.h common/timer.h
common/port.h:
common/ring.h:
common/clock.h:
common/fiber.h:
common/sched.h:
common/sanitize.h:
common/stack.h:
common/switch.h:
common/timer.h:
