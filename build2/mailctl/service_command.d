build2/mailctl/service_command.o: mailctl/service_command.c \
 mailctl/service_command.h mailctl/client.h common/packet.h common/log.h \
 mailctl/near.h mailctl/output.h mailctl/program.h common/super_pid.h
mailctl/service_command.h:
mailctl/client.h:
common/packet.h:
common/log.h:
mailctl/near.h:
mailctl/output.h:
mailctl/program.h:
common/super_pid.h:
