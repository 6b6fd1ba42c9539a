build2/mailctl/restore_place.o: mailctl/restore_place.c \
 mailctl/restore_place.h
mailctl/restore_place.h:
