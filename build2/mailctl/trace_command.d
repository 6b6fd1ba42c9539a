build2/mailctl/trace_command.o: mailctl/trace_command.c \
 mailctl/trace_command.h mailctl/client.h common/packet.h \
 mailctl/log_entry.h mailctl/log_source.h mailctl/output.h
mailctl/trace_command.h:
mailctl/client.h:
common/packet.h:
mailctl/log_entry.h:
mailctl/log_source.h:
mailctl/output.h:
