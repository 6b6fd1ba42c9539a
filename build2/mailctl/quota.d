build2/mailctl/quota.o: mailctl/quota.c mailctl/quota.h
mailctl/quota.h:
