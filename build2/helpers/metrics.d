build2/helpers/metrics.o: helpers/metrics.c common/clock.h common/fiber.h \
 helpers/helper.h common/privileges.h common/wire.h common/log.h \
 common/meter_table.h common/meter.h helpers/metrics_http.h \
 helpers/metrics_page.h helpers/metrics_past.h common/meter.h \
 helpers/metrics_sources.h common/server.h common/packet.h \
 helpers/metrics_text.h common/packet.h common/ring.h helpers/settings.h \
 common/conf.h common/super_old.h common/worker.h
common/clock.h:
common/fiber.h:
helpers/helper.h:
common/privileges.h:
common/wire.h:
common/log.h:
common/meter_table.h:
common/meter.h:
helpers/metrics_http.h:
helpers/metrics_page.h:
helpers/metrics_past.h:
common/meter.h:
helpers/metrics_sources.h:
common/server.h:
common/packet.h:
helpers/metrics_text.h:
common/packet.h:
common/ring.h:
helpers/settings.h:
common/conf.h:
common/super_old.h:
common/worker.h:
