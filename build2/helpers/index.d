build2/helpers/index.o: helpers/index.c helpers/index.h common/catalog.h \
 common/mailbox.h common/mailbox_fetched.h common/packet.h common/shelf.h \
 common/wire.h helpers/index_file.h helpers/owner.h common/clock.h \
 helpers/index_build.h common/log.h helpers/maildir.h helpers/snapshot.h \
 common/arena.h
helpers/index.h:
common/catalog.h:
common/mailbox.h:
common/mailbox_fetched.h:
common/packet.h:
common/shelf.h:
common/wire.h:
helpers/index_file.h:
helpers/owner.h:
common/clock.h:
helpers/index_build.h:
common/log.h:
helpers/maildir.h:
helpers/snapshot.h:
common/arena.h:
