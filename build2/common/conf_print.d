build2/common/conf_print.o: common/conf_print.c common/conf_print.h \
 common/conf.h common/utf8.h
common/conf_print.h:
common/conf.h:
common/utf8.h:
