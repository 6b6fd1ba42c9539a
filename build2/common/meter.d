build2/common/meter.o: common/meter.c common/meter.h common/meter_read.h \
 common/log.h common/meter_table.h
common/meter.h:
common/meter_read.h:
common/log.h:
common/meter_table.h:
