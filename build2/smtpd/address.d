build2/smtpd/address.o: smtpd/address.c smtpd/address.h common/utf8.h
smtpd/address.h:
common/utf8.h:
