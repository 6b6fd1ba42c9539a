build2/helpers/index_build.o: helpers/index_build.c helpers/index_build.h \
 helpers/index.h common/catalog.h common/mailbox.h \
 common/mailbox_fetched.h common/packet.h common/shelf.h common/wire.h \
 helpers/index_file.h helpers/owner.h helpers/carry.h common/arena.h \
 common/clock.h common/fiber.h common/log.h helpers/maildir.h \
 helpers/removals.h common/ring.h helpers/snapshot.h helpers/twin.h \
 helpers/uidl.h
helpers/index_build.h:
helpers/index.h:
common/catalog.h:
common/mailbox.h:
common/mailbox_fetched.h:
common/packet.h:
common/shelf.h:
common/wire.h:
helpers/index_file.h:
helpers/owner.h:
helpers/carry.h:
common/arena.h:
common/clock.h:
common/fiber.h:
common/log.h:
helpers/maildir.h:
helpers/removals.h:
common/ring.h:
helpers/snapshot.h:
helpers/twin.h:
helpers/uidl.h:
