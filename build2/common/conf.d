build2/common/conf.o: common/conf.c common/conf.h common/conf_parse.h \
 common/conf_text.h
common/conf.h:
common/conf_parse.h:
common/conf_text.h:
