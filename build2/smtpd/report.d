build2/smtpd/report.o: smtpd/report.c smtpd/report.h smtpd/dsn.h \
 common/mailbox.h common/mailbox_fetched.h common/packet.h common/shelf.h \
 common/wire.h smtpd/session.h common/arena.h common/conn.h common/ring.h \
 common/tls.h common/listen.h common/tally.h common/listen.h \
 common/wire.h smtpd/told.h smtpd/text.h smtpd/trace.h common/tls.h
smtpd/report.h:
smtpd/dsn.h:
common/mailbox.h:
common/mailbox_fetched.h:
common/packet.h:
common/shelf.h:
common/wire.h:
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
smtpd/text.h:
smtpd/trace.h:
common/tls.h:
