build2/mailctl/progress.o: mailctl/progress.c mailctl/progress.h \
 common/clock.h mailctl/output.h
mailctl/progress.h:
common/clock.h:
mailctl/output.h:
