build2/smtpd/reply.o: smtpd/reply.c smtpd/reply.h smtpd/session.h \
 common/arena.h common/conn.h common/ring.h common/tls.h common/listen.h \
 common/tally.h common/listen.h common/wire.h smtpd/told.h common/clock.h \
 common/fiber.h common/meter.h smtpd/settings.h common/service.h \
 common/conf.h common/service_crowd.h common/tls_settings.h
smtpd/reply.h:
smtpd/session.h:
common/arena.h:
common/conn.h:
common/ring.h:
common/tls.h:
common/listen.h:
common/tally.h:
common/listen.h:
common/wire.h:
smtpd/told.h:
common/clock.h:
common/fiber.h:
common/meter.h:
smtpd/settings.h:
common/service.h:
common/conf.h:
common/service_crowd.h:
common/tls_settings.h:
