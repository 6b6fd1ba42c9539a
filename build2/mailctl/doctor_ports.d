build2/mailctl/doctor_ports.o: mailctl/doctor_ports.c mailctl/doctor.h \
 mailctl/conf_dump.h common/listen.h mailctl/program.h
mailctl/doctor.h:
mailctl/conf_dump.h:
common/listen.h:
mailctl/program.h:
