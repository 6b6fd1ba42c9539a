build2/mailctl/backend_command.o: mailctl/backend_command.c \
 mailctl/backend_command.h mailctl/client.h common/packet.h mailctl/ask.h \
 common/wire.h
mailctl/backend_command.h:
mailctl/client.h:
common/packet.h:
mailctl/ask.h:
common/wire.h:
