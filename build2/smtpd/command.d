build2/smtpd/command.o: smtpd/command.c smtpd/command.h common/utf8.h
smtpd/command.h:
common/utf8.h:
