build2/mailctl/command.o: mailctl/command.c mailctl/command.h \
 mailctl/client.h common/packet.h mailctl/alias_command.h mailctl/ask.h \
 mailctl/backend_command.h mailctl/backup_command.h \
 mailctl/doctor_command.h mailctl/explain_command.h \
 mailctl/export_command.h mailctl/import_command.h mailctl/init_command.h \
 mailctl/mailbox_command.h mailctl/quota.h mailctl/secret.h \
 mailctl/service_command.h mailctl/sessions_command.h \
 mailctl/stats_command.h mailctl/trace_command.h mailctl/usage.h \
 common/wire.h
mailctl/command.h:
mailctl/client.h:
common/packet.h:
mailctl/alias_command.h:
mailctl/ask.h:
mailctl/backend_command.h:
mailctl/backup_command.h:
mailctl/doctor_command.h:
mailctl/explain_command.h:
mailctl/export_command.h:
mailctl/import_command.h:
mailctl/init_command.h:
mailctl/mailbox_command.h:
mailctl/quota.h:
mailctl/secret.h:
mailctl/service_command.h:
mailctl/sessions_command.h:
mailctl/stats_command.h:
mailctl/trace_command.h:
mailctl/usage.h:
common/wire.h:
