build2/common/listen_path.o: common/listen_path.c common/listen_path.h \
 common/listen.h
common/listen_path.h:
common/listen.h:
