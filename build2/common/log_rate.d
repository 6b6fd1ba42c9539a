build2/common/log_rate.o: common/log_rate.c common/log_rate.h \
 common/clock.h
common/log_rate.h:
common/clock.h:
