build2/common/mailbox_fetched.o: common/mailbox_fetched.c \
 common/mailbox_fetched.h common/packet.h common/shelf.h common/wire.h
common/mailbox_fetched.h:
common/packet.h:
common/shelf.h:
common/wire.h:
