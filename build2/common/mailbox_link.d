build2/common/mailbox_link.o: common/mailbox_link.c common/mailbox_link.h \
 common/mailbox.h common/mailbox_fetched.h common/packet.h common/shelf.h \
 common/wire.h common/device.h common/log.h
common/mailbox_link.h:
common/mailbox.h:
common/mailbox_fetched.h:
common/packet.h:
common/shelf.h:
common/wire.h:
common/device.h:
common/log.h:
