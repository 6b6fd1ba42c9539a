build2/common/sasl.o: common/sasl.c common/sasl.h common/wire.h \
 common/device.h common/packet.h common/log.h
common/sasl.h:
common/wire.h:
common/device.h:
common/packet.h:
common/log.h:
