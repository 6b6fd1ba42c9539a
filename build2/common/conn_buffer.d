build2/common/conn_buffer.o: common/conn_buffer.c common/conn_buffer.h \
 common/conn.h common/ring.h common/tls.h common/sched.h common/fiber.h \
 common/sanitize.h common/stack.h common/switch.h common/timer.h
common/conn_buffer.h:
common/conn.h:
common/ring.h:
common/tls.h:
common/sched.h:
common/fiber.h:
common/sanitize.h:
common/stack.h:
common/switch.h:
common/timer.h:
