build2/helpers/index_check.o: helpers/index_check.c helpers/index_check.h \
 helpers/index.h common/catalog.h common/mailbox.h \
 common/mailbox_fetched.h common/packet.h common/shelf.h common/wire.h \
 helpers/index_file.h helpers/owner.h common/fiber.h helpers/removals.h \
 helpers/snapshot.h common/arena.h helpers/uidl.h
helpers/index_check.h:
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
helpers/removals.h:
helpers/snapshot.h:
common/arena.h:
helpers/uidl.h:
