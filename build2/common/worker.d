build2/common/worker.o: common/worker.c common/worker.h common/clock.h \
 common/log.h common/meter.h common/ring.h common/sched.h common/fiber.h \
 common/sanitize.h common/stack.h common/switch.h common/timer.h \
 common/worker_fault.h
common/worker.h:
common/clock.h:
common/log.h:
common/meter.h:
common/ring.h:
common/sched.h:
common/fiber.h:
common/sanitize.h:
common/stack.h:
common/switch.h:
common/timer.h:
common/worker_fault.h:
