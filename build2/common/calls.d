build2/common/calls.o: common/calls.c common/calls.h common/packet.h \
 common/ring.h common/clock.h
common/calls.h:
common/packet.h:
common/ring.h:
common/clock.h:
