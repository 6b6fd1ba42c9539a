build2/mailctl/metrics.o: mailctl/metrics.c mailctl/metrics.h \
 common/clock.h common/listen.h
mailctl/metrics.h:
common/clock.h:
common/listen.h:
