build2/common/keys.o: common/keys.c common/keys.h common/tls_sign.h \
 common/clock.h common/device.h common/packet.h common/log.h \
 common/wire.h
common/keys.h:
common/tls_sign.h:
common/clock.h:
common/device.h:
common/packet.h:
common/log.h:
common/wire.h:
