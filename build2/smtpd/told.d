build2/smtpd/told.o: smtpd/told.c smtpd/told.h common/listen.h \
 smtpd/address.h smtpd/dsn.h
smtpd/told.h:
common/listen.h:
smtpd/address.h:
smtpd/dsn.h:
