build2/smtpd/text.o: smtpd/text.c smtpd/text.h
smtpd/text.h:
