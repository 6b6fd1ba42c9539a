build2/helpers/fleet.o: helpers/fleet.c helpers/fleet.h helpers/helper.h \
 common/privileges.h common/wire.h common/listen_path.h \
 helpers/heritage.h common/listen.h common/log.h common/meter_table.h \
 common/meter.h common/packet.h helpers/settings.h common/conf.h \
 helpers/sockets.h
helpers/fleet.h:
helpers/helper.h:
common/privileges.h:
common/wire.h:
common/listen_path.h:
helpers/heritage.h:
common/listen.h:
common/log.h:
common/meter_table.h:
common/meter.h:
common/packet.h:
helpers/settings.h:
common/conf.h:
helpers/sockets.h:
