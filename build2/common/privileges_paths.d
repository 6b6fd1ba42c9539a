build2/common/privileges_paths.o: common/privileges_paths.c \
 common/privileges_paths.h common/privileges.h common/log.h
common/privileges_paths.h:
common/privileges.h:
common/log.h:
