build2/helpers/metrics_sources.o: helpers/metrics_sources.c \
 helpers/metrics_sources.h common/meter.h common/server.h common/packet.h \
 common/wire.h helpers/fleet.h helpers/helper.h common/privileges.h \
 common/listen_path.h common/log.h common/meter_read.h common/meter.h \
 common/meter_table.h helpers/metrics_park.h common/super_old.h
helpers/metrics_sources.h:
common/meter.h:
common/server.h:
common/packet.h:
common/wire.h:
helpers/fleet.h:
helpers/helper.h:
common/privileges.h:
common/listen_path.h:
common/log.h:
common/meter_read.h:
common/meter.h:
common/meter_table.h:
helpers/metrics_park.h:
common/super_old.h:
