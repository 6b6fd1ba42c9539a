build2/mailctl/doctor.o: mailctl/doctor.c mailctl/doctor.h \
 mailctl/conf_dump.h mailctl/output.h common/super_pid.h
mailctl/doctor.h:
mailctl/conf_dump.h:
mailctl/output.h:
common/super_pid.h:
