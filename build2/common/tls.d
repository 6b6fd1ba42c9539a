build2/common/tls.o: common/tls.c common/tls.h common/ring.h \
 common/sched.h common/fiber.h common/sanitize.h common/stack.h \
 common/switch.h common/timer.h common/tls_conf.h common/tls_files.h \
 common/tls_settings.h common/conf.h common/tls_identity.h \
 common/tls_offload.h common/port.h common/tls_provider.h \
 common/tls_sign.h
common/tls.h:
common/ring.h:
common/sched.h:
common/fiber.h:
common/sanitize.h:
common/stack.h:
common/switch.h:
common/timer.h:
common/tls_conf.h:
common/tls_files.h:
common/tls_settings.h:
common/conf.h:
common/tls_identity.h:
common/tls_offload.h:
common/port.h:
common/tls_provider.h:
common/tls_sign.h:
