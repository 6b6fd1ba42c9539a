build2/smtpd/notify.o: smtpd/notify.c smtpd/notify.h common/accounts.h \
 common/wire.h common/clock.h common/fiber.h smtpd/incoming.h \
 smtpd/body.h smtpd/sink.h common/mailbox.h common/mailbox_fetched.h \
 common/packet.h common/shelf.h common/log.h smtpd/path.h smtpd/session.h \
 common/arena.h common/conn.h common/ring.h common/tls.h common/listen.h \
 common/tally.h common/listen.h common/wire.h smtpd/told.h smtpd/report.h \
 smtpd/settings.h common/service.h common/conf.h common/service_crowd.h \
 common/tls_settings.h smtpd/trace.h common/tls.h
smtpd/notify.h:
common/accounts.h:
common/wire.h:
common/clock.h:
common/fiber.h:
smtpd/incoming.h:
smtpd/body.h:
smtpd/sink.h:
common/mailbox.h:
common/mailbox_fetched.h:
common/packet.h:
common/shelf.h:
common/log.h:
smtpd/path.h:
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
smtpd/report.h:
smtpd/settings.h:
common/service.h:
common/conf.h:
common/service_crowd.h:
common/tls_settings.h:
smtpd/trace.h:
common/tls.h:
