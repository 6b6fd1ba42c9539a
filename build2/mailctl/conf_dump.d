build2/mailctl/conf_dump.o: mailctl/conf_dump.c mailctl/conf_dump.h \
 mailctl/program.h
mailctl/conf_dump.h:
mailctl/program.h:
