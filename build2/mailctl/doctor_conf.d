build2/mailctl/doctor_conf.o: mailctl/doctor_conf.c mailctl/doctor.h \
 mailctl/conf_dump.h mailctl/program.h
mailctl/doctor.h:
mailctl/conf_dump.h:
mailctl/program.h:
