build2/helpers/hasher.o: helpers/hasher.c common/clock.h helpers/hash.h \
 helpers/record.h common/wire.h helpers/helper.h common/privileges.h \
 common/log.h common/packet.h common/server.h common/packet.h \
 helpers/settings.h common/conf.h helpers/token.h common/worker.h
common/clock.h:
helpers/hash.h:
helpers/record.h:
common/wire.h:
helpers/helper.h:
common/privileges.h:
common/log.h:
common/packet.h:
common/server.h:
common/packet.h:
helpers/settings.h:
common/conf.h:
helpers/token.h:
common/worker.h:
