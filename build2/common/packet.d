build2/common/packet.o: common/packet.c common/packet.h
common/packet.h:
