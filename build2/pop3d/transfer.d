build2/pop3d/transfer.o: pop3d/transfer.c pop3d/transfer.h pop3d/session.h \
 common/conn.h common/ring.h common/tls.h pop3d/lang.h common/mailbox.h \
 common/mailbox_fetched.h common/packet.h common/shelf.h common/wire.h \
 pop3d/maildrop.h common/service.h common/conf.h common/listen.h \
 common/service_crowd.h common/tls_settings.h pop3d/settings.h \
 common/tally.h common/fiber.h common/log.h
pop3d/transfer.h:
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
common/fiber.h:
common/log.h:
