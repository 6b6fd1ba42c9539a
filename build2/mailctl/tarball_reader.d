build2/mailctl/tarball_reader.o: mailctl/tarball_reader.c \
 mailctl/tarball.h mailctl/progress.h mailctl/tarball_sums.h
mailctl/tarball.h:
mailctl/progress.h:
mailctl/tarball_sums.h:
