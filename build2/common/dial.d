build2/common/dial.o: common/dial.c common/dial.h common/listen.h \
 common/clock.h common/device.h common/packet.h common/log.h \
 common/wire.h
common/dial.h:
common/listen.h:
common/clock.h:
common/device.h:
common/packet.h:
common/log.h:
common/wire.h:
