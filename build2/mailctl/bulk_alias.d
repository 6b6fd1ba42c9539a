build2/mailctl/bulk_alias.o: mailctl/bulk_alias.c mailctl/bulk.h \
 common/wire.h
mailctl/bulk.h:
common/wire.h:
