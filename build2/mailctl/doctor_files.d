build2/mailctl/doctor_files.o: mailctl/doctor_files.c mailctl/doctor.h \
 mailctl/conf_dump.h mailctl/program.h
mailctl/doctor.h:
mailctl/conf_dump.h:
mailctl/program.h:
