build2/common/log.o: common/log.c common/log.h common/clock.h \
 common/log_line.h common/log_rate.h common/log_shared.h common/meter.h
common/log.h:
common/clock.h:
common/log_line.h:
common/log_rate.h:
common/log_shared.h:
common/meter.h:
