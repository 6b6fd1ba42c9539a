build2/mailctl/bulk.o: mailctl/bulk.c mailctl/bulk.h common/wire.h \
 mailctl/quota.h
mailctl/bulk.h:
common/wire.h:
mailctl/quota.h:
