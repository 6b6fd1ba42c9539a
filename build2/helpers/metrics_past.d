build2/helpers/metrics_past.o: helpers/metrics_past.c \
 helpers/metrics_past.h common/clock.h common/meter.h \
 common/meter_table.h common/meter.h helpers/metrics_sources.h \
 common/server.h common/packet.h common/wire.h
helpers/metrics_past.h:
common/clock.h:
common/meter.h:
common/meter_table.h:
common/meter.h:
helpers/metrics_sources.h:
common/server.h:
common/packet.h:
common/wire.h:
