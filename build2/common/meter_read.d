build2/common/meter_read.o: common/meter_read.c common/meter_read.h \
 common/meter.h common/meter_table.h
common/meter_read.h:
common/meter.h:
common/meter_table.h:
