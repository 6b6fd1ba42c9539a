build2/mailctl/restore.o: mailctl/restore.c mailctl/restore.h \
 mailctl/client.h common/packet.h mailctl/tarball.h \
 mailctl/backup_parts.h mailctl/progress.h mailctl/restore_place.h \
 common/super_pid.h
mailctl/restore.h:
mailctl/client.h:
common/packet.h:
mailctl/tarball.h:
mailctl/backup_parts.h:
mailctl/progress.h:
mailctl/restore_place.h:
common/super_pid.h:
