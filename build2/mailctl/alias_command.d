build2/mailctl/alias_command.o: mailctl/alias_command.c \
 mailctl/alias_command.h mailctl/client.h common/packet.h mailctl/ask.h \
 mailctl/output.h common/wire.h
mailctl/alias_command.h:
mailctl/client.h:
common/packet.h:
mailctl/ask.h:
mailctl/output.h:
common/wire.h:
