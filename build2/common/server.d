build2/common/server.o: common/server.c common/server.h common/packet.h \
 common/clock.h common/fiber.h common/log.h common/meter.h \
 common/replies.h common/ring.h common/sched.h common/sanitize.h \
 common/stack.h common/switch.h common/timer.h
common/server.h:
common/packet.h:
common/clock.h:
common/fiber.h:
common/log.h:
common/meter.h:
common/replies.h:
common/ring.h:
common/sched.h:
common/sanitize.h:
common/stack.h:
common/switch.h:
common/timer.h:
