build2/pop3d/seen.o: pop3d/seen.c pop3d/seen.h pop3d/session.h \
 common/conn.h common/ring.h common/tls.h pop3d/lang.h common/mailbox.h \
 common/mailbox_fetched.h common/packet.h common/shelf.h common/wire.h \
 pop3d/maildrop.h common/service.h common/conf.h common/listen.h \
 common/service_crowd.h common/tls_settings.h pop3d/settings.h \
 common/tally.h common/clock.h common/log.h common/mailbox_visit.h \
 common/mailbox.h
pop3d/seen.h:
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
common/mailbox_visit.h:
common/mailbox.h:
