build2/helpers/token.o: helpers/token.c helpers/token.h common/wire.h \
 common/log.h
helpers/token.h:
common/wire.h:
common/log.h:
