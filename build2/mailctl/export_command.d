build2/mailctl/export_command.o: mailctl/export_command.c \
 mailctl/export_command.h mailctl/client.h common/packet.h mailctl/ask.h \
 mailctl/csv.h mailctl/output.h mailctl/quota.h common/wire.h
mailctl/export_command.h:
mailctl/client.h:
common/packet.h:
mailctl/ask.h:
mailctl/csv.h:
mailctl/output.h:
mailctl/quota.h:
common/wire.h:
