build2/mailctl/bulk_order.o: mailctl/bulk_order.c mailctl/bulk_order.h \
 mailctl/bulk.h common/wire.h
mailctl/bulk_order.h:
mailctl/bulk.h:
common/wire.h:
