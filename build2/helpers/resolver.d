build2/helpers/resolver.o: helpers/resolver.c common/resolver.h \
 common/clock.h common/fiber.h helpers/helper.h common/privileges.h \
 common/wire.h common/log.h common/packet.h helpers/rdata.h \
 helpers/resolver_dial.h common/conf.h common/ring.h common/server.h \
 common/packet.h common/service_notify.h helpers/settings.h \
 common/super.h common/worker.h
common/resolver.h:
common/clock.h:
common/fiber.h:
helpers/helper.h:
common/privileges.h:
common/wire.h:
common/log.h:
common/packet.h:
helpers/rdata.h:
helpers/resolver_dial.h:
common/conf.h:
common/ring.h:
common/server.h:
common/packet.h:
common/service_notify.h:
helpers/settings.h:
common/super.h:
common/worker.h:
