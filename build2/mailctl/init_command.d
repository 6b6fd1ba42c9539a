build2/mailctl/init_command.o: mailctl/init_command.c \
 mailctl/init_command.h mailctl/client.h common/packet.h mailctl/ask.h \
 common/clock.h mailctl/doctor_command.h mailctl/init_conf.h \
 mailctl/output.h mailctl/program.h mailctl/secret.h mailctl/where.h \
 common/wire.h
mailctl/init_command.h:
mailctl/client.h:
common/packet.h:
mailctl/ask.h:
common/clock.h:
mailctl/doctor_command.h:
mailctl/init_conf.h:
mailctl/output.h:
mailctl/program.h:
mailctl/secret.h:
mailctl/where.h:
common/wire.h:
