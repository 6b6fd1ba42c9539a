build2/pop3d/maildrop.o: pop3d/maildrop.c pop3d/maildrop.h \
 common/mailbox.h common/mailbox_fetched.h common/packet.h common/shelf.h \
 common/wire.h common/catalog.h common/mailbox.h common/fiber.h
pop3d/maildrop.h:
common/mailbox.h:
common/mailbox_fetched.h:
common/packet.h:
common/shelf.h:
common/wire.h:
common/catalog.h:
common/mailbox.h:
common/fiber.h:
