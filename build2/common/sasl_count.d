build2/common/sasl_count.o: common/sasl_count.c common/sasl_count.h \
 common/sasl_relay.h common/sasl.h common/wire.h common/clock.h \
 common/meter.h
common/sasl_count.h:
common/sasl_relay.h:
common/sasl.h:
common/wire.h:
common/clock.h:
common/meter.h:
