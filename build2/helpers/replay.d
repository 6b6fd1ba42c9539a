build2/helpers/replay.o: helpers/replay.c helpers/replay.h helpers/aside.h \
 helpers/entry.h helpers/maildir.h helpers/owner.h common/packet.h \
 common/wire.h helpers/journal.h common/log.h
helpers/replay.h:
helpers/aside.h:
helpers/entry.h:
helpers/maildir.h:
helpers/owner.h:
common/packet.h:
common/wire.h:
helpers/journal.h:
common/log.h:
