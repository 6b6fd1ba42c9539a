build2/smtpd/incoming.o: smtpd/incoming.c smtpd/incoming.h smtpd/body.h \
 smtpd/sink.h common/mailbox.h common/mailbox_fetched.h common/packet.h \
 common/shelf.h common/wire.h common/clock.h common/service.h \
 common/conf.h common/listen.h common/service_crowd.h \
 common/tls_settings.h smtpd/session.h common/arena.h common/conn.h \
 common/ring.h common/tls.h common/listen.h common/tally.h common/wire.h \
 smtpd/told.h smtpd/settings.h smtpd/trace.h common/tls.h
smtpd/incoming.h:
smtpd/body.h:
smtpd/sink.h:
common/mailbox.h:
common/mailbox_fetched.h:
common/packet.h:
common/shelf.h:
common/wire.h:
common/clock.h:
common/service.h:
common/conf.h:
common/listen.h:
common/service_crowd.h:
common/tls_settings.h:
smtpd/session.h:
common/arena.h:
common/conn.h:
common/ring.h:
common/tls.h:
common/listen.h:
common/tally.h:
common/wire.h:
smtpd/told.h:
smtpd/settings.h:
smtpd/trace.h:
common/tls.h:
