build2/helpers/mailbox_visit.o: helpers/mailbox_visit.c \
 helpers/mailbox_visit.h common/clock.h helpers/index_file.h \
 common/listen.h common/log.h common/mailbox.h common/mailbox_fetched.h \
 common/packet.h common/shelf.h common/wire.h helpers/mailbox_drop.h \
 helpers/mailbox_owners.h helpers/owner.h helpers/mailbox_proof.h \
 common/wire.h helpers/maildir.h helpers/maildir_flag.h common/server.h
helpers/mailbox_visit.h:
common/clock.h:
helpers/index_file.h:
common/listen.h:
common/log.h:
common/mailbox.h:
common/mailbox_fetched.h:
common/packet.h:
common/shelf.h:
common/wire.h:
helpers/mailbox_drop.h:
helpers/mailbox_owners.h:
helpers/owner.h:
helpers/mailbox_proof.h:
common/wire.h:
helpers/maildir.h:
helpers/maildir_flag.h:
common/server.h:
