build2/smtpd/body.o: smtpd/body.c smtpd/body.h smtpd/sink.h common/wire.h
smtpd/body.h:
smtpd/sink.h:
common/wire.h:
