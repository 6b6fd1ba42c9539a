build2/smtpd/dsn.o: smtpd/dsn.c smtpd/dsn.h common/utf8.h
smtpd/dsn.h:
common/utf8.h:
