build2/common/privileges_calls.o: common/privileges_calls.c \
 common/privileges_calls.h common/privileges.h common/log.h
common/privileges_calls.h:
common/privileges.h:
common/log.h:
