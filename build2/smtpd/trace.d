build2/smtpd/trace.o: smtpd/trace.c smtpd/trace.h common/tls.h \
 common/ring.h common/clock.h smtpd/text.h
smtpd/trace.h:
common/tls.h:
common/ring.h:
common/clock.h:
smtpd/text.h:
