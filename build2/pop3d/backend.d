build2/pop3d/backend.o: pop3d/backend.c pop3d/backend.h common/sasl.h \
 common/wire.h pop3d/session.h common/conn.h common/ring.h common/tls.h \
 pop3d/lang.h common/mailbox.h common/mailbox_fetched.h common/packet.h \
 common/shelf.h pop3d/maildrop.h common/service.h common/conf.h \
 common/listen.h common/service_crowd.h common/tls_settings.h \
 pop3d/settings.h common/tally.h pop3d/backend_capa.h common/conf.h \
 pop3d/backend_login.h pop3d/client.h common/clock.h common/conn_pass.h \
 common/conn.h common/dial.h pop3d/limits.h common/log.h pop3d/login.h \
 pop3d/reply.h
pop3d/backend.h:
common/sasl.h:
common/wire.h:
pop3d/session.h:
common/conn.h:
common/ring.h:
common/tls.h:
pop3d/lang.h:
common/mailbox.h:
common/mailbox_fetched.h:
common/packet.h:
common/shelf.h:
pop3d/maildrop.h:
common/service.h:
common/conf.h:
common/listen.h:
common/service_crowd.h:
common/tls_settings.h:
pop3d/settings.h:
common/tally.h:
pop3d/backend_capa.h:
common/conf.h:
pop3d/backend_login.h:
pop3d/client.h:
common/clock.h:
common/conn_pass.h:
common/conn.h:
common/dial.h:
pop3d/limits.h:
common/log.h:
pop3d/login.h:
pop3d/reply.h:
