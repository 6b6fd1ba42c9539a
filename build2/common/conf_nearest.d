build2/common/conf_nearest.o: common/conf_nearest.c common/conf.h
common/conf.h:
