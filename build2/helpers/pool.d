build2/helpers/pool.o: helpers/pool.c helpers/pool.h common/packet.h \
 common/clock.h helpers/delay.h common/device.h common/packet.h \
 common/log.h common/meter.h common/ring.h
helpers/pool.h:
common/packet.h:
common/clock.h:
helpers/delay.h:
common/device.h:
common/packet.h:
common/log.h:
common/meter.h:
common/ring.h:
