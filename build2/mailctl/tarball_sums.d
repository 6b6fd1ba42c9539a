build2/mailctl/tarball_sums.o: mailctl/tarball_sums.c \
 mailctl/tarball_sums.h
mailctl/tarball_sums.h:
