build2/common/tally.o: common/tally.c common/tally.h common/listen.h \
 common/clock.h
common/tally.h:
common/listen.h:
common/clock.h:
