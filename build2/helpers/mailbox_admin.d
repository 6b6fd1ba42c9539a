build2/helpers/mailbox_admin.o: helpers/mailbox_admin.c \
 helpers/mailbox_admin.h helpers/address.h common/conf.h helpers/kv.h \
 common/clock.h common/wire.h common/fiber.h helpers/index.h \
 common/catalog.h common/mailbox.h common/mailbox_fetched.h \
 common/packet.h common/shelf.h common/wire.h helpers/index_file.h \
 helpers/owner.h helpers/index_check.h common/log.h \
 helpers/mailbox_drop.h helpers/mailbox_owners.h common/mailbox.h \
 common/server.h helpers/uidl_import.h helpers/uidl.h common/arena.h \
 helpers/snapshot.h
helpers/mailbox_admin.h:
helpers/address.h:
common/conf.h:
helpers/kv.h:
common/clock.h:
common/wire.h:
common/fiber.h:
helpers/index.h:
common/catalog.h:
common/mailbox.h:
common/mailbox_fetched.h:
common/packet.h:
common/shelf.h:
common/wire.h:
helpers/index_file.h:
helpers/owner.h:
helpers/index_check.h:
common/log.h:
helpers/mailbox_drop.h:
helpers/mailbox_owners.h:
common/mailbox.h:
common/server.h:
helpers/uidl_import.h:
helpers/uidl.h:
common/arena.h:
helpers/snapshot.h:
