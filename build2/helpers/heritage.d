build2/helpers/heritage.o: helpers/heritage.c helpers/heritage.h \
 common/listen.h common/log.h common/super_exec.h
helpers/heritage.h:
common/listen.h:
common/log.h:
common/super_exec.h:
