build2/smtpd/cmd_rcpt.o: smtpd/cmd_rcpt.c smtpd/cmd.h smtpd/session.h \
 common/arena.h common/conn.h common/ring.h common/tls.h common/listen.h \
 common/tally.h common/listen.h common/wire.h smtpd/told.h \
 common/accounts.h common/wire.h smtpd/address.h common/clock.h \
 smtpd/command.h smtpd/limits.h common/log.h common/mailbox.h \
 common/mailbox_fetched.h common/packet.h common/shelf.h smtpd/param.h \
 smtpd/path.h smtpd/reply.h smtpd/settings.h common/service.h \
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
common/accounts.h:
common/wire.h:
smtpd/address.h:
common/clock.h:
smtpd/command.h:
smtpd/limits.h:
common/log.h:
common/mailbox.h:
common/mailbox_fetched.h:
common/packet.h:
common/shelf.h:
smtpd/param.h:
smtpd/path.h:
smtpd/reply.h:
smtpd/settings.h:
common/service.h:
common/conf.h:
common/service_crowd.h:
common/tls_settings.h:
