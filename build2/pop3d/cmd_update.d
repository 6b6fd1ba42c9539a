build2/pop3d/cmd_update.o: pop3d/cmd_update.c pop3d/command.h \
 pop3d/argument.h pop3d/session.h common/conn.h common/ring.h \
 common/tls.h pop3d/lang.h common/mailbox.h common/mailbox_fetched.h \
 common/packet.h common/shelf.h common/wire.h pop3d/maildrop.h \
 common/service.h common/conf.h common/listen.h common/service_crowd.h \
 common/tls_settings.h pop3d/settings.h common/tally.h common/clock.h \
 common/log.h common/meter.h pop3d/reply.h pop3d/transfer.h
pop3d/command.h:
pop3d/argument.h:
pop3d/session.h:
common/conn.h:
common/ring.h:
common/tls.h:
pop3d/lang.h:
common/mailbox.h:
common/mailbox_fetched.h:
common/packet.h:
common/shelf.h:
common/wire.h:
pop3d/maildrop.h:
common/service.h:
common/conf.h:
common/listen.h:
common/service_crowd.h:
common/tls_settings.h:
pop3d/settings.h:
common/tally.h:
common/clock.h:
common/log.h:
common/meter.h:
pop3d/reply.h:
pop3d/transfer.h:
