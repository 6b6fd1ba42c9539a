build2/helpers/entry.o: helpers/entry.c helpers/entry.h helpers/maildir.h \
 helpers/owner.h common/packet.h common/wire.h
helpers/entry.h:
helpers/maildir.h:
helpers/owner.h:
common/packet.h:
common/wire.h:
