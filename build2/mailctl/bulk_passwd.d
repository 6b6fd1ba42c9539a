build2/mailctl/bulk_passwd.o: mailctl/bulk_passwd.c mailctl/bulk.h \
 common/wire.h
mailctl/bulk.h:
common/wire.h:
