build2/smtpd/cmd_data.o: smtpd/cmd_data.c smtpd/cmd.h smtpd/session.h \
 common/arena.h common/conn.h common/ring.h common/tls.h common/listen.h \
 common/tally.h common/listen.h common/wire.h smtpd/told.h \
 smtpd/address.h common/clock.h smtpd/delivery.h common/mailbox.h \
 common/mailbox_fetched.h common/packet.h common/shelf.h common/wire.h \
 smtpd/incoming.h smtpd/body.h smtpd/sink.h common/log.h common/meter.h \
 smtpd/notify.h smtpd/reply.h smtpd/settings.h common/service.h \
 common/conf.h common/service_crowd.h common/tls_settings.h
smtpd/cmd.h:
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
smtpd/address.h:
common/clock.h:
smtpd/delivery.h:
common/mailbox.h:
common/mailbox_fetched.h:
common/packet.h:
common/shelf.h:
common/wire.h:
smtpd/incoming.h:
smtpd/body.h:
smtpd/sink.h:
common/log.h:
common/meter.h:
smtpd/notify.h:
smtpd/reply.h:
smtpd/settings.h:
common/service.h:
common/conf.h:
common/service_crowd.h:
common/tls_settings.h:
