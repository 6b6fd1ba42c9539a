build2/common/mechanism.o: common/mechanism.c common/mechanism.h \
 common/sasl.h common/wire.h common/conf.h
common/mechanism.h:
common/sasl.h:
common/wire.h:
common/conf.h:
