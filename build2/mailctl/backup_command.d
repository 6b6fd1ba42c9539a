build2/mailctl/backup_command.o: mailctl/backup_command.c \
 mailctl/backup_command.h mailctl/client.h common/packet.h \
 mailctl/backup_parts.h mailctl/tarball.h mailctl/output.h \
 mailctl/progress.h mailctl/program.h mailctl/restore.h
mailctl/backup_command.h:
mailctl/client.h:
common/packet.h:
mailctl/backup_parts.h:
mailctl/tarball.h:
mailctl/output.h:
mailctl/progress.h:
mailctl/program.h:
mailctl/restore.h:
