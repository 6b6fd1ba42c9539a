build2/common/conn.o: common/conn.c common/conn.h common/ring.h \
 common/tls.h common/clock.h common/conn_buffer.h common/meter.h \
 common/sched.h common/fiber.h common/sanitize.h common/stack.h \
 common/switch.h common/timer.h
common/conn.h:
common/ring.h:
common/tls.h:
common/clock.h:
common/conn_buffer.h:
common/meter.h:
common/sched.h:
common/fiber.h:
common/sanitize.h:
common/stack.h:
common/switch.h:
common/timer.h:
