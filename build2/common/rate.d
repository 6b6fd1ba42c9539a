build2/common/rate.o: common/rate.c common/rate.h common/clock.h
common/rate.h:
common/clock.h:
