build2/mailctl/mailbox_command.o: mailctl/mailbox_command.c \
 mailctl/mailbox_command.h mailctl/client.h common/packet.h \
 common/catalog.h common/mailbox.h common/mailbox_fetched.h \
 common/packet.h common/shelf.h common/wire.h common/clock.h \
 common/listen.h mailctl/output.h mailctl/progress.h common/wire.h
mailctl/mailbox_command.h:
mailctl/client.h:
common/packet.h:
common/catalog.h:
common/mailbox.h:
common/mailbox_fetched.h:
common/packet.h:
common/shelf.h:
common/wire.h:
common/clock.h:
common/listen.h:
mailctl/output.h:
mailctl/progress.h:
common/wire.h:
