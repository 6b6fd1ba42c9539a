build2/common/listen_given.o: common/listen_given.c common/listen_given.h \
 common/listen.h
common/listen_given.h:
common/listen.h:
