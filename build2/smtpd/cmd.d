build2/smtpd/cmd.o: smtpd/cmd.c smtpd/cmd.h smtpd/session.h common/arena.h \
 common/conn.h common/ring.h common/tls.h common/listen.h common/tally.h \
 common/listen.h common/wire.h smtpd/told.h
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
