build2/common/conn_pass.o: common/conn_pass.c common/conn_pass.h \
 common/conn.h common/ring.h common/tls.h common/clock.h \
 common/conn_buffer.h common/fiber.h common/meter.h common/sched.h \
 common/sanitize.h common/stack.h common/switch.h common/timer.h
common/conn_pass.h:
common/conn.h:
common/ring.h:
common/tls.h:
common/clock.h:
common/conn_buffer.h:
common/fiber.h:
common/meter.h:
common/sched.h:
common/sanitize.h:
common/stack.h:
common/switch.h:
common/timer.h:
