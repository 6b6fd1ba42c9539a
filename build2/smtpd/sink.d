build2/smtpd/sink.o: smtpd/sink.c smtpd/sink.h
smtpd/sink.h:
