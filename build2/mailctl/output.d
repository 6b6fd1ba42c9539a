build2/mailctl/output.o: mailctl/output.c mailctl/output.h common/utf8.h
mailctl/output.h:
common/utf8.h:
