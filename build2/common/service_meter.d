build2/common/service_meter.o: common/service_meter.c \
 common/service_meter.h common/clock.h common/fiber.h common/log.h \
 common/meter.h common/meter_table.h common/packet.h common/ring.h \
 common/wire.h
common/service_meter.h:
common/clock.h:
common/fiber.h:
common/log.h:
common/meter.h:
common/meter_table.h:
common/packet.h:
common/ring.h:
common/wire.h:
