build2/helpers/metrics_text.o: helpers/metrics_text.c \
 helpers/metrics_text.h helpers/metrics_sources.h common/meter.h \
 common/server.h common/packet.h common/wire.h common/clock.h \
 common/meter_table.h common/meter.h
helpers/metrics_text.h:
helpers/metrics_sources.h:
common/meter.h:
common/server.h:
common/packet.h:
common/wire.h:
common/clock.h:
common/meter_table.h:
common/meter.h:
