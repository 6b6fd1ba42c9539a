build2/helpers/uidl_header.o: helpers/uidl_header.c \
 helpers/uidl_import_parts.h helpers/uidl_import.h helpers/owner.h \
 helpers/uidl.h common/arena.h helpers/index_file.h helpers/snapshot.h \
 helpers/maildir.h
helpers/uidl_import_parts.h:
helpers/uidl_import.h:
helpers/owner.h:
helpers/uidl.h:
common/arena.h:
helpers/index_file.h:
helpers/snapshot.h:
helpers/maildir.h:
