build2/mailctl/tarball.o: mailctl/tarball.c mailctl/tarball.h \
 mailctl/progress.h mailctl/tarball_sums.h
mailctl/tarball.h:
mailctl/progress.h:
mailctl/tarball_sums.h:
