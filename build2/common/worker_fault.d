build2/common/worker_fault.o: common/worker_fault.c common/worker_fault.h \
 common/sched.h common/fiber.h common/ring.h common/sanitize.h \
 common/stack.h common/switch.h common/timer.h
common/worker_fault.h:
common/sched.h:
common/fiber.h:
common/ring.h:
common/sanitize.h:
common/stack.h:
common/switch.h:
common/timer.h:
