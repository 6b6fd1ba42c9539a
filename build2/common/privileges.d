build2/common/privileges.o: common/privileges.c common/privileges.h \
 common/log.h common/privileges_calls.h common/privileges_paths.h \
 common/sanitize.h
common/privileges.h:
common/log.h:
common/privileges_calls.h:
common/privileges_paths.h:
common/sanitize.h:
