build2/common/ring.o: common/ring.c common/ring.h common/clock.h \
 common/log.h common/sched.h common/fiber.h common/sanitize.h \
 common/stack.h common/switch.h common/timer.h
common/ring.h:
common/clock.h:
common/log.h:
common/sched.h:
common/fiber.h:
common/sanitize.h:
common/stack.h:
common/switch.h:
common/timer.h:
