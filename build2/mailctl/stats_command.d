build2/mailctl/stats_command.o: mailctl/stats_command.c \
 mailctl/stats_command.h mailctl/client.h common/packet.h \
 mailctl/conf_dump.h mailctl/metrics.h mailctl/output.h
mailctl/stats_command.h:
mailctl/client.h:
common/packet.h:
mailctl/conf_dump.h:
mailctl/metrics.h:
mailctl/output.h:
