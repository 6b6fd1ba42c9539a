build2/smtpd/session.o: smtpd/session.c smtpd/session.h common/arena.h \
 common/conn.h common/ring.h common/tls.h common/listen.h common/tally.h \
 common/listen.h common/wire.h smtpd/told.h smtpd/client.h common/clock.h \
 smtpd/cmd.h smtpd/command.h common/device.h common/packet.h \
 smtpd/early.h common/fiber.h smtpd/incoming.h smtpd/body.h smtpd/sink.h \
 common/mailbox.h common/mailbox_fetched.h common/shelf.h common/wire.h \
 common/keys.h common/tls_sign.h smtpd/limits.h common/log.h \
 common/meter.h smtpd/reply.h common/service.h common/conf.h \
 common/service_crowd.h common/tls_settings.h smtpd/settings.h
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
smtpd/client.h:
common/clock.h:
smtpd/cmd.h:
smtpd/command.h:
common/device.h:
common/packet.h:
smtpd/early.h:
common/fiber.h:
smtpd/incoming.h:
smtpd/body.h:
smtpd/sink.h:
common/mailbox.h:
common/mailbox_fetched.h:
common/shelf.h:
common/wire.h:
common/keys.h:
common/tls_sign.h:
smtpd/limits.h:
common/log.h:
common/meter.h:
smtpd/reply.h:
common/service.h:
common/conf.h:
common/service_crowd.h:
common/tls_settings.h:
smtpd/settings.h:
