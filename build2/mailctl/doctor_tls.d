build2/mailctl/doctor_tls.o: mailctl/doctor_tls.c mailctl/doctor.h \
 mailctl/conf_dump.h mailctl/program.h
mailctl/doctor.h:
mailctl/conf_dump.h:
mailctl/program.h:
