build2/common/mailbox_visit.o: common/mailbox_visit.c \
 common/mailbox_visit.h common/listen.h common/mailbox.h \
 common/mailbox_fetched.h common/packet.h common/shelf.h common/wire.h \
 common/device.h common/log.h
common/mailbox_visit.h:
common/listen.h:
common/mailbox.h:
common/mailbox_fetched.h:
common/packet.h:
common/shelf.h:
common/wire.h:
common/device.h:
common/log.h:
