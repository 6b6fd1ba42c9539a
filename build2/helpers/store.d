build2/helpers/store.o: helpers/store.c helpers/store.h common/mailbox.h \
 common/mailbox_fetched.h common/packet.h common/shelf.h common/wire.h \
 helpers/maildir.h helpers/owner.h common/packet.h helpers/removals.h \
 helpers/alone.h helpers/aside.h helpers/entry.h common/wire.h \
 helpers/journal.h common/log.h helpers/place.h helpers/recent.h \
 helpers/replay.h
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
helpers/alone.h:
helpers/aside.h:
helpers/entry.h:
common/wire.h:
helpers/journal.h:
common/log.h:
helpers/place.h:
helpers/recent.h:
helpers/replay.h:
