build2/mailctl/client.o: mailctl/client.c mailctl/client.h common/packet.h \
 common/clock.h mailctl/progress.h
mailctl/client.h:
common/packet.h:
common/clock.h:
mailctl/progress.h:
