build2/common/packet_send.o: common/packet_send.c common/packet.h \
 common/clock.h
common/packet.h:
common/clock.h:
