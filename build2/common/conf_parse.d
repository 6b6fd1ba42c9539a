build2/common/conf_parse.o: common/conf_parse.c common/conf_parse.h \
 common/conf.h common/log.h
common/conf_parse.h:
common/conf.h:
common/log.h:
