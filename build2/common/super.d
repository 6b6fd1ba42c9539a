build2/common/super.o: common/super.c common/super.h common/clock.h \
 common/log.h common/super_old.h
common/super.h:
common/clock.h:
common/log.h:
common/super_old.h:
