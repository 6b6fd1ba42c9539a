build2/helpers/carry.o: helpers/carry.c helpers/carry.h common/arena.h \
 helpers/index_file.h common/catalog.h common/mailbox.h \
 common/mailbox_fetched.h common/packet.h common/shelf.h common/wire.h \
 helpers/maildir.h helpers/owner.h helpers/snapshot.h
helpers/carry.h:
common/arena.h:
helpers/index_file.h:
common/catalog.h:
common/mailbox.h:
common/mailbox_fetched.h:
common/packet.h:
common/shelf.h:
common/wire.h:
helpers/maildir.h:
helpers/owner.h:
helpers/snapshot.h:
