build2/pop3d/session.o: pop3d/session.c pop3d/session.h common/conn.h \
 common/ring.h common/tls.h pop3d/lang.h common/mailbox.h \
 common/mailbox_fetched.h common/packet.h common/shelf.h common/wire.h \
 pop3d/maildrop.h common/service.h common/conf.h common/listen.h \
 common/service_crowd.h common/tls_settings.h pop3d/settings.h \
 common/tally.h pop3d/backend.h common/sasl.h common/clock.h \
 pop3d/command.h pop3d/argument.h pop3d/limits.h common/log.h \
 common/meter.h common/network.h pop3d/outgoing.h pop3d/letter.h \
 common/proxy.h pop3d/reply.h pop3d/seen.h
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
pop3d/backend.h:
common/sasl.h:
common/clock.h:
pop3d/command.h:
pop3d/argument.h:
pop3d/limits.h:
common/log.h:
common/meter.h:
common/network.h:
pop3d/outgoing.h:
pop3d/letter.h:
common/proxy.h:
pop3d/reply.h:
pop3d/seen.h:
