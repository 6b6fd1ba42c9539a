build2/smtpd/path.o: smtpd/path.c smtpd/path.h smtpd/session.h \
 common/arena.h common/conn.h common/ring.h common/tls.h common/listen.h \
 common/tally.h common/listen.h common/wire.h smtpd/told.h \
 smtpd/address.h smtpd/idn.h smtpd/reply.h
smtpd/path.h:
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
smtpd/address.h:
smtpd/idn.h:
smtpd/reply.h:
