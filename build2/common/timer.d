build2/common/timer.o: common/timer.c common/timer.h common/clock.h \
 common/log.h
common/timer.h:
common/clock.h:
common/log.h:
