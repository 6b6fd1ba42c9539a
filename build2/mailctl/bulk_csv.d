build2/mailctl/bulk_csv.o: mailctl/bulk_csv.c mailctl/bulk.h common/wire.h \
 mailctl/csv.h mailctl/near.h
mailctl/bulk.h:
common/wire.h:
mailctl/csv.h:
mailctl/near.h:
