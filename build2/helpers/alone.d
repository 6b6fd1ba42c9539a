build2/helpers/alone.o: helpers/alone.c helpers/alone.h common/log.h \
 helpers/place.h helpers/store.h common/mailbox.h \
 common/mailbox_fetched.h common/packet.h common/shelf.h common/wire.h \
 helpers/maildir.h helpers/owner.h common/packet.h helpers/removals.h
helpers/alone.h:
common/log.h:
helpers/place.h:
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
