build2/mailctl/import_command.o: mailctl/import_command.c \
 mailctl/import_command.h mailctl/client.h common/packet.h mailctl/bulk.h \
 common/wire.h mailctl/bulk_send.h mailctl/near.h mailctl/output.h
mailctl/import_command.h:
mailctl/client.h:
common/packet.h:
mailctl/bulk.h:
common/wire.h:
mailctl/bulk_send.h:
mailctl/near.h:
mailctl/output.h:
