build2/mailctl/bulk_send.o: mailctl/bulk_send.c mailctl/bulk_send.h \
 mailctl/bulk.h common/wire.h mailctl/client.h common/packet.h \
 mailctl/bulk_order.h mailctl/progress.h
mailctl/bulk_send.h:
mailctl/bulk.h:
common/wire.h:
mailctl/client.h:
common/packet.h:
mailctl/bulk_order.h:
mailctl/progress.h:
