build2/mailctl/usage.o: mailctl/usage.c mailctl/usage.h mailctl/client.h \
 common/packet.h mailctl/command.h mailctl/near.h mailctl/output.h
mailctl/usage.h:
mailctl/client.h:
common/packet.h:
mailctl/command.h:
mailctl/near.h:
mailctl/output.h:
