build2/mailctl/ask.o: mailctl/ask.c mailctl/ask.h mailctl/client.h \
 common/packet.h mailctl/output.h common/wire.h
mailctl/ask.h:
mailctl/client.h:
common/packet.h:
mailctl/output.h:
common/wire.h:
