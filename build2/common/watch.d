build2/common/watch.o: common/watch.c common/clock.h common/log.h \
 common/ring.h common/sched.h common/fiber.h common/sanitize.h \
 common/stack.h common/switch.h common/timer.h
common/clock.h:
common/log.h:
common/ring.h:
common/sched.h:
common/fiber.h:
common/sanitize.h:
common/stack.h:
common/switch.h:
common/timer.h:
