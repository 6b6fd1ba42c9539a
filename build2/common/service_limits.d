build2/common/service_limits.o: common/service_limits.c \
 common/service_limits.h common/log.h common/stack.h
common/service_limits.h:
common/log.h:
common/stack.h:
