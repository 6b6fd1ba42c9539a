build2/helpers/mailbox_owners.o: helpers/mailbox_owners.c \
 helpers/mailbox_owners.h common/mailbox.h common/mailbox_fetched.h \
 common/packet.h common/shelf.h common/wire.h helpers/owner.h \
 common/accounts.h common/clock.h common/device.h helpers/homes.h \
 common/log.h common/packet.h common/server.h helpers/share.h
helpers/mailbox_owners.h:
common/mailbox.h:
common/mailbox_fetched.h:
common/packet.h:
common/shelf.h:
common/wire.h:
helpers/owner.h:
common/accounts.h:
common/clock.h:
common/device.h:
helpers/homes.h:
common/log.h:
common/packet.h:
common/server.h:
helpers/share.h:
