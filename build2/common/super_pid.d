build2/common/super_pid.o: common/super_pid.c common/super_pid.h
common/super_pid.h:
