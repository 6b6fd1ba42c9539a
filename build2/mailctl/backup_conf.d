build2/mailctl/backup_conf.o: mailctl/backup_conf.c mailctl/backup_parts.h \
 mailctl/client.h common/packet.h mailctl/tarball.h common/conf_text.h \
 mailctl/program.h
mailctl/backup_parts.h:
mailctl/client.h:
common/packet.h:
mailctl/tarball.h:
common/conf_text.h:
mailctl/program.h:
