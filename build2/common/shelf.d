build2/common/shelf.o: common/shelf.c common/shelf.h common/clock.h \
 common/device.h common/packet.h common/log.h common/wire.h
common/shelf.h:
common/clock.h:
common/device.h:
common/packet.h:
common/log.h:
common/wire.h:
