build2/common/resolver.o: common/resolver.c common/resolver.h \
 common/clock.h common/device.h common/packet.h common/log.h \
 common/wire.h
common/resolver.h:
common/clock.h:
common/device.h:
common/packet.h:
common/log.h:
common/wire.h:
