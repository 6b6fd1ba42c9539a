build2/mailctl/sessions_command.o: mailctl/sessions_command.c \
 mailctl/sessions_command.h mailctl/client.h common/packet.h \
 common/listen.h mailctl/output.h mailctl/program.h \
 common/service_admin.h common/wire.h
mailctl/sessions_command.h:
mailctl/client.h:
common/packet.h:
common/listen.h:
mailctl/output.h:
mailctl/program.h:
common/service_admin.h:
common/wire.h:
