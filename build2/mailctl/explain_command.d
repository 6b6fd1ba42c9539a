build2/mailctl/explain_command.o: mailctl/explain_command.c \
 mailctl/explain_command.h mailctl/client.h common/packet.h \
 common/accounts.h common/wire.h mailctl/conf_dump.h common/listen.h \
 common/network.h common/conf.h common/listen.h mailctl/output.h \
 mailctl/where.h
mailctl/explain_command.h:
mailctl/client.h:
common/packet.h:
common/accounts.h:
common/wire.h:
mailctl/conf_dump.h:
common/listen.h:
common/network.h:
common/conf.h:
common/listen.h:
mailctl/output.h:
mailctl/where.h:
