build2/helpers/place.o: helpers/place.c helpers/place.h helpers/store.h \
 common/mailbox.h common/mailbox_fetched.h common/packet.h common/shelf.h \
 common/wire.h helpers/maildir.h helpers/owner.h common/packet.h \
 helpers/removals.h helpers/index.h common/catalog.h common/mailbox.h \
 helpers/index_file.h common/log.h
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
helpers/index.h:
common/catalog.h:
common/mailbox.h:
helpers/index_file.h:
common/log.h:
