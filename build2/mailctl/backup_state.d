build2/mailctl/backup_state.o: mailctl/backup_state.c \
 mailctl/backup_parts.h mailctl/client.h common/packet.h \
 mailctl/tarball.h mailctl/where.h common/wire.h
mailctl/backup_parts.h:
mailctl/client.h:
common/packet.h:
mailctl/tarball.h:
mailctl/where.h:
common/wire.h:
