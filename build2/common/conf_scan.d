build2/common/conf_scan.o: common/conf_scan.c common/conf_scan.h
common/conf_scan.h:
