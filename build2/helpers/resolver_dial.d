build2/helpers/resolver_dial.o: helpers/resolver_dial.c \
 helpers/resolver_dial.h common/conf.h common/resolver.h \
 helpers/backends.h common/clock.h common/dial.h common/listen.h \
 common/log.h common/packet.h common/ring.h common/server.h \
 common/packet.h common/wire.h
helpers/resolver_dial.h:
common/conf.h:
common/resolver.h:
helpers/backends.h:
common/clock.h:
common/dial.h:
common/listen.h:
common/log.h:
common/packet.h:
common/ring.h:
common/server.h:
common/packet.h:
common/wire.h:
