build2/common/super_old.o: common/super_old.c common/super_old.h
common/super_old.h:
