build2/helpers/introspect.o: helpers/introspect.c common/clock.h \
 helpers/helper.h common/privileges.h common/wire.h common/log.h \
 common/packet.h helpers/program.h helpers/token.h common/server.h \
 common/packet.h helpers/settings.h common/conf.h common/worker.h
common/clock.h:
helpers/helper.h:
common/privileges.h:
common/wire.h:
common/log.h:
common/packet.h:
helpers/program.h:
helpers/token.h:
common/server.h:
common/packet.h:
helpers/settings.h:
common/conf.h:
common/worker.h:
