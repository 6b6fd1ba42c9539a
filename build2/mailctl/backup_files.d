build2/mailctl/backup_files.o: mailctl/backup_files.c \
 mailctl/backup_parts.h mailctl/client.h common/packet.h \
 mailctl/tarball.h mailctl/program.h
mailctl/backup_parts.h:
mailctl/client.h:
common/packet.h:
mailctl/tarball.h:
mailctl/program.h:
