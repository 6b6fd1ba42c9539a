build2/common/log_shared.o: common/log_shared.c common/log_shared.h \
 common/log.h
common/log_shared.h:
common/log.h:
