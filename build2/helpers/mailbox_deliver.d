build2/helpers/mailbox_deliver.o: helpers/mailbox_deliver.c \
 helpers/mailbox_deliver.h common/clock.h common/fiber.h common/log.h \
 helpers/mailbox_owners.h common/mailbox.h common/mailbox_fetched.h \
 common/packet.h common/shelf.h common/wire.h helpers/owner.h \
 common/meter.h helpers/quota.h common/ring.h common/server.h \
 helpers/store.h helpers/maildir.h common/packet.h helpers/removals.h
helpers/mailbox_deliver.h:
common/clock.h:
common/fiber.h:
common/log.h:
helpers/mailbox_owners.h:
common/mailbox.h:
common/mailbox_fetched.h:
common/packet.h:
common/shelf.h:
common/wire.h:
helpers/owner.h:
common/meter.h:
helpers/quota.h:
common/ring.h:
common/server.h:
helpers/store.h:
helpers/maildir.h:
common/packet.h:
helpers/removals.h:
