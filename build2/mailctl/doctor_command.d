build2/mailctl/doctor_command.o: mailctl/doctor_command.c \
 mailctl/doctor_command.h mailctl/client.h common/packet.h \
 mailctl/doctor.h mailctl/conf_dump.h mailctl/near.h mailctl/output.h \
 mailctl/program.h
mailctl/doctor_command.h:
mailctl/client.h:
common/packet.h:
mailctl/doctor.h:
mailctl/conf_dump.h:
mailctl/near.h:
mailctl/output.h:
mailctl/program.h:
