build2/common/accounts.o: common/accounts.c common/accounts.h \
 common/wire.h common/device.h common/packet.h common/log.h
common/accounts.h:
common/wire.h:
common/device.h:
common/packet.h:
common/log.h:
