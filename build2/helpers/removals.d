build2/helpers/removals.o: helpers/removals.c helpers/removals.h \
 helpers/owner.h common/fiber.h helpers/index.h common/catalog.h \
 common/mailbox.h common/mailbox_fetched.h common/packet.h common/shelf.h \
 common/wire.h helpers/index_file.h common/log.h helpers/maildir.h \
 helpers/replay.h
helpers/removals.h:
helpers/owner.h:
common/fiber.h:
helpers/index.h:
common/catalog.h:
common/mailbox.h:
common/mailbox_fetched.h:
common/packet.h:
common/shelf.h:
common/wire.h:
helpers/index_file.h:
common/log.h:
helpers/maildir.h:
helpers/replay.h:
