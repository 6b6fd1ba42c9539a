build2/common/listen.o: common/listen.c common/listen.h \
 common/listen_given.h common/listen_path.h
common/listen.h:
common/listen_given.h:
common/listen_path.h:
