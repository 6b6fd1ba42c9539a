build2/common/replies.o: common/replies.c common/replies.h common/packet.h
common/replies.h:
common/packet.h:
