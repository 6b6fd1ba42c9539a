build2/common/mailbox_send.o: common/mailbox_send.c common/mailbox.h \
 common/mailbox_fetched.h common/packet.h common/shelf.h common/wire.h \
 common/clock.h common/device.h common/fiber.h common/log.h \
 common/mailbox_link.h
common/mailbox.h:
common/mailbox_fetched.h:
common/packet.h:
common/shelf.h:
common/wire.h:
common/clock.h:
common/device.h:
common/fiber.h:
common/log.h:
common/mailbox_link.h:
