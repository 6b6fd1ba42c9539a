build2/mailctl/where.o: mailctl/where.c mailctl/where.h common/conf_text.h
mailctl/where.h:
common/conf_text.h:
