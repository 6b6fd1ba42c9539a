build2/helpers/uidl_import.o: helpers/uidl_import.c \
 helpers/uidl_import_parts.h helpers/uidl_import.h helpers/owner.h \
 helpers/uidl.h common/arena.h helpers/index_file.h helpers/snapshot.h \
 common/catalog.h common/mailbox.h common/mailbox_fetched.h \
 common/packet.h common/shelf.h common/wire.h helpers/maildir.h
helpers/uidl_import_parts.h:
helpers/uidl_import.h:
helpers/owner.h:
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
