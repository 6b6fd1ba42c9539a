build2/common/packet_receive.o: common/packet_receive.c common/packet.h
common/packet.h:
