build2/helpers/mailbox_drop.o: helpers/mailbox_drop.c \
 helpers/mailbox_drop.h common/clock.h helpers/entry.h helpers/maildir.h \
 helpers/owner.h common/packet.h common/wire.h helpers/index.h \
 common/catalog.h common/mailbox.h common/mailbox_fetched.h \
 common/packet.h common/shelf.h common/wire.h helpers/index_file.h \
 common/log.h helpers/mailbox_deliver.h helpers/mailbox_owners.h \
 common/mailbox.h helpers/mailbox_proof.h helpers/mailbox_remove.h \
 helpers/quota.h common/ring.h common/server.h common/shelf.h \
 helpers/store.h helpers/removals.h helpers/trash.h
helpers/mailbox_drop.h:
common/clock.h:
helpers/entry.h:
helpers/maildir.h:
helpers/owner.h:
common/packet.h:
common/wire.h:
helpers/index.h:
common/catalog.h:
common/mailbox.h:
common/mailbox_fetched.h:
common/packet.h:
common/shelf.h:
common/wire.h:
helpers/index_file.h:
common/log.h:
helpers/mailbox_deliver.h:
helpers/mailbox_owners.h:
common/mailbox.h:
helpers/mailbox_proof.h:
helpers/mailbox_remove.h:
helpers/quota.h:
common/ring.h:
common/server.h:
common/shelf.h:
helpers/store.h:
helpers/removals.h:
helpers/trash.h:
