build2/helpers/mailbox_remove.o: helpers/mailbox_remove.c \
 helpers/mailbox_remove.h common/clock.h common/fiber.h common/log.h \
 common/ring.h helpers/store.h common/mailbox.h common/mailbox_fetched.h \
 common/packet.h common/shelf.h common/wire.h helpers/maildir.h \
 helpers/owner.h common/packet.h helpers/removals.h
helpers/mailbox_remove.h:
common/clock.h:
common/fiber.h:
common/log.h:
common/ring.h:
helpers/store.h:
common/mailbox.h:
common/mailbox_fetched.h:
common/packet.h:
common/shelf.h:
common/wire.h:
helpers/maildir.h:
helpers/owner.h:
common/packet.h:
helpers/removals.h:
