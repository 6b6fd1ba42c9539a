build2/helpers/index_removal.o: helpers/index_removal.c helpers/index.h \
 common/catalog.h common/mailbox.h common/mailbox_fetched.h \
 common/packet.h common/shelf.h common/wire.h helpers/index_file.h \
 helpers/owner.h common/fiber.h common/log.h
helpers/index.h:
common/catalog.h:
common/mailbox.h:
common/mailbox_fetched.h:
common/packet.h:
common/shelf.h:
common/wire.h:
helpers/index_file.h:
helpers/owner.h:
common/fiber.h:
common/log.h:
