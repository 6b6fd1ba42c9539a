build2/mailctl/doctor_host.o: mailctl/doctor_host.c mailctl/doctor.h \
 mailctl/conf_dump.h mailctl/program.h
mailctl/doctor.h:
mailctl/conf_dump.h:
mailctl/program.h:
