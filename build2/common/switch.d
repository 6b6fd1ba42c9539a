build2/common/switch.o: common/switch.c common/switch.h
common/switch.h:
