build2/mailctl/secret.o: mailctl/secret.c mailctl/secret.h
mailctl/secret.h:
