build2/helpers/sockets.o: helpers/sockets.c helpers/sockets.h \
 helpers/heritage.h common/log.h
helpers/sockets.h:
helpers/heritage.h:
common/log.h:
