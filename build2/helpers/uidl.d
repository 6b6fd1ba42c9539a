build2/helpers/uidl.o: helpers/uidl.c helpers/uidl.h common/arena.h \
 helpers/index_file.h helpers/snapshot.h common/catalog.h \
 common/mailbox.h common/mailbox_fetched.h common/packet.h common/shelf.h \
 common/wire.h helpers/maildir.h helpers/owner.h
helpers/uidl.h:
common/arena.h:
helpers/index_file.h:
helpers/snapshot.h:
common/catalog.h:
common/mailbox.h:
common/mailbox_fetched.h:
common/packet.h:
common/shelf.h:
common/wire.h:
helpers/maildir.h:
helpers/owner.h:
