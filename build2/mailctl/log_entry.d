build2/mailctl/log_entry.o: mailctl/log_entry.c mailctl/log_entry.h
mailctl/log_entry.h:
