build2/mailctl/program.o: mailctl/program.c mailctl/program.h
mailctl/program.h:
