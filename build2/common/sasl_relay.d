build2/common/sasl_relay.o: common/sasl_relay.c common/sasl_relay.h \
 common/sasl.h common/wire.h common/base64.h common/clock.h common/conn.h \
 common/ring.h common/tls.h
common/sasl_relay.h:
common/sasl.h:
common/wire.h:
common/base64.h:
common/clock.h:
common/conn.h:
common/ring.h:
common/tls.h:
