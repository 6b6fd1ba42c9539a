build2/helpers/metrics_page.o: helpers/metrics_page.c \
 helpers/metrics_page.h helpers/metrics_past.h common/clock.h \
 common/meter.h helpers/metrics_sources.h common/server.h common/packet.h \
 common/wire.h
helpers/metrics_page.h:
helpers/metrics_past.h:
common/clock.h:
common/meter.h:
helpers/metrics_sources.h:
common/server.h:
common/packet.h:
common/wire.h:
