build2/mailctl/near.o: mailctl/near.c mailctl/near.h common/conf.h
mailctl/near.h:
common/conf.h:
