build2/helpers/mailbox_room.o: helpers/mailbox_room.c \
 helpers/mailbox_room.h common/log.h helpers/mailbox_owners.h \
 common/mailbox.h common/mailbox_fetched.h common/packet.h common/shelf.h \
 common/wire.h helpers/owner.h helpers/quota.h common/server.h \
 helpers/store.h helpers/maildir.h common/packet.h helpers/removals.h
helpers/mailbox_room.h:
common/log.h:
helpers/mailbox_owners.h:
common/mailbox.h:
common/mailbox_fetched.h:
common/packet.h:
common/shelf.h:
common/wire.h:
helpers/owner.h:
helpers/quota.h:
common/server.h:
helpers/store.h:
helpers/maildir.h:
common/packet.h:
helpers/removals.h:
