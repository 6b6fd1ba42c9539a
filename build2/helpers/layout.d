build2/helpers/layout.o: helpers/layout.c helpers/layout.h common/clock.h \
 common/log.h helpers/store.h common/mailbox.h common/mailbox_fetched.h \
 common/packet.h common/shelf.h common/wire.h helpers/maildir.h \
 helpers/owner.h common/packet.h helpers/removals.h common/super.h
helpers/layout.h:
common/clock.h:
common/log.h:
helpers/store.h:
common/mailbox.h:
common/mailbox_fetched.h:
common/packet.h:
common/shelf.h:
common/wire.h:
helpers/maildir.h:
helpers/owner.h:
common/packet.h:
helpers/removals.h:
common/super.h:
