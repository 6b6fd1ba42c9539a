build2/helpers/aside.o: helpers/aside.c helpers/aside.h helpers/entry.h \
 helpers/maildir.h helpers/owner.h common/packet.h common/wire.h \
 common/log.h helpers/replay.h
helpers/aside.h:
helpers/entry.h:
helpers/maildir.h:
helpers/owner.h:
common/packet.h:
common/wire.h:
common/log.h:
helpers/replay.h:
