build2/mailctl/csv.o: mailctl/csv.c mailctl/csv.h
mailctl/csv.h:
