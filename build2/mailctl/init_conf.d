build2/mailctl/init_conf.o: mailctl/init_conf.c mailctl/init_conf.h \
 mailctl/output.h mailctl/program.h
mailctl/init_conf.h:
mailctl/output.h:
mailctl/program.h:
