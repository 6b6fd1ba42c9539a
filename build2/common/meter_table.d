build2/common/meter_table.o: common/meter_table.c common/meter_table.h \
 common/meter.h
common/meter_table.h:
common/meter.h:
