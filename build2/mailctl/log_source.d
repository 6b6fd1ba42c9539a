build2/mailctl/log_source.o: mailctl/log_source.c mailctl/log_source.h
mailctl/log_source.h:
