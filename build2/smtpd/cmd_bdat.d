build2/smtpd/cmd_bdat.o: smtpd/cmd_bdat.c smtpd/cmd.h smtpd/session.h \
 common/arena.h common/conn.h common/ring.h common/tls.h common/listen.h \
 common/tally.h common/listen.h common/wire.h smtpd/told.h common/clock.h \
 smtpd/command.h smtpd/incoming.h smtpd/body.h smtpd/sink.h \
 common/mailbox.h common/mailbox_fetched.h common/packet.h common/shelf.h \
 common/wire.h common/log.h smtpd/reply.h smtpd/settings.h \
 common/service.h common/conf.h common/service_crowd.h \
 common/tls_settings.h
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
common/clock.h:
smtpd/command.h:
smtpd/incoming.h:
smtpd/body.h:
smtpd/sink.h:
common/mailbox.h:
common/mailbox_fetched.h:
common/packet.h:
common/shelf.h:
common/wire.h:
common/log.h:
smtpd/reply.h:
smtpd/settings.h:
common/service.h:
common/conf.h:
common/service_crowd.h:
common/tls_settings.h:
