build2/common/stack.o: common/stack.c common/stack.h common/log.h \
 common/meter.h common/sanitize.h
common/stack.h:
common/log.h:
common/meter.h:
common/sanitize.h:
