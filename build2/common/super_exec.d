build2/common/super_exec.o: common/super_exec.c common/super_exec.h \
 common/clock.h common/log.h
common/super_exec.h:
common/clock.h:
common/log.h:
