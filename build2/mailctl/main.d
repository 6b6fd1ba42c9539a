build2/mailctl/main.o: mailctl/main.c mailctl/command.h mailctl/client.h \
 common/packet.h mailctl/output.h mailctl/said.h mailctl/usage.h \
 mailctl/where.h
mailctl/command.h:
mailctl/client.h:
common/packet.h:
mailctl/output.h:
mailctl/said.h:
mailctl/usage.h:
mailctl/where.h:
