build2/helpers/mailbox_fetch.o: helpers/mailbox_fetch.c \
 helpers/mailbox_fetch.h common/log.h common/mailbox.h \
 common/mailbox_fetched.h common/packet.h common/shelf.h common/wire.h \
 helpers/mailbox_drop.h helpers/mailbox_proof.h helpers/owner.h \
 common/wire.h helpers/maildir.h common/server.h common/shelf.h
helpers/mailbox_fetch.h:
common/log.h:
common/mailbox.h:
common/mailbox_fetched.h:
common/packet.h:
common/shelf.h:
common/wire.h:
helpers/mailbox_drop.h:
helpers/mailbox_proof.h:
helpers/owner.h:
common/wire.h:
helpers/maildir.h:
common/server.h:
common/shelf.h:
