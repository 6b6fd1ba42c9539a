build2/common/network.o: common/network.c common/network.h common/conf.h \
 common/listen.h
common/network.h:
common/conf.h:
common/listen.h:
