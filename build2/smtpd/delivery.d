build2/smtpd/delivery.o: smtpd/delivery.c smtpd/delivery.h \
 common/mailbox.h common/mailbox_fetched.h common/packet.h common/shelf.h \
 common/wire.h common/clock.h common/fiber.h smtpd/incoming.h \
 smtpd/body.h smtpd/sink.h common/meter.h smtpd/session.h common/arena.h \
 common/conn.h common/ring.h common/tls.h common/listen.h common/tally.h \
 common/listen.h common/wire.h smtpd/told.h smtpd/settings.h \
 common/service.h common/conf.h common/service_crowd.h \
 common/tls_settings.h
smtpd/delivery.h:
common/mailbox.h:
common/mailbox_fetched.h:
common/packet.h:
common/shelf.h:
common/wire.h:
common/clock.h:
common/fiber.h:
smtpd/incoming.h:
smtpd/body.h:
smtpd/sink.h:
common/meter.h:
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
smtpd/settings.h:
common/service.h:
common/conf.h:
common/service_crowd.h:
common/tls_settings.h:
