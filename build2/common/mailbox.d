build2/common/mailbox.o: common/mailbox.c common/mailbox.h \
 common/mailbox_fetched.h common/packet.h common/shelf.h common/wire.h \
 common/catalog.h common/clock.h common/device.h common/fiber.h \
 common/mailbox_link.h
common/mailbox.h:
common/mailbox_fetched.h:
common/packet.h:
common/shelf.h:
common/wire.h:
common/catalog.h:
common/clock.h:
common/device.h:
common/fiber.h:
common/mailbox_link.h:
