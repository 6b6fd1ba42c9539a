build2/common/conf_text.o: common/conf_text.c common/conf_text.h \
 common/conf_scan.h
common/conf_text.h:
common/conf_scan.h:
