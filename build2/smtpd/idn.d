build2/smtpd/idn.o: smtpd/idn.c smtpd/idn.h common/utf8.h
smtpd/idn.h:
common/utf8.h:
