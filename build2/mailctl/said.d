build2/mailctl/said.o: mailctl/said.c mailctl/said.h mailctl/progress.h
mailctl/said.h:
mailctl/progress.h:
