build2/common/log_line.o: common/log_line.c common/log_line.h common/log.h \
 common/clock.h common/utf8.h
common/log_line.h:
common/log.h:
common/clock.h:
common/utf8.h:
