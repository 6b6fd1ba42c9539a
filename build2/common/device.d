build2/common/device.o: common/device.c common/device.h common/packet.h \
 common/calls.h common/ring.h common/clock.h common/fiber.h common/log.h \
 common/meter.h
common/device.h:
common/packet.h:
common/calls.h:
common/ring.h:
common/clock.h:
common/fiber.h:
common/log.h:
common/meter.h:
