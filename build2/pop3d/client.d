build2/pop3d/client.o: pop3d/client.c pop3d/client.h common/device.h \
 common/packet.h common/keys.h common/tls_sign.h common/log.h \
 common/mailbox.h common/mailbox_fetched.h common/shelf.h common/wire.h \
 common/privileges.h common/service.h common/conf.h common/listen.h \
 common/service_crowd.h common/tls_settings.h pop3d/session.h \
 common/conn.h common/ring.h common/tls.h pop3d/lang.h pop3d/maildrop.h \
 pop3d/settings.h common/tally.h common/shelf.h common/worker.h
pop3d/client.h:
common/device.h:
common/packet.h:
common/keys.h:
common/tls_sign.h:
common/log.h:
common/mailbox.h:
common/mailbox_fetched.h:
common/shelf.h:
common/wire.h:
common/privileges.h:
common/service.h:
common/conf.h:
common/listen.h:
common/service_crowd.h:
common/tls_settings.h:
pop3d/session.h:
common/conn.h:
common/ring.h:
common/tls.h:
pop3d/lang.h:
pop3d/maildrop.h:
pop3d/settings.h:
common/tally.h:
common/shelf.h:
common/worker.h:
