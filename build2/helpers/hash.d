build2/helpers/hash.o: helpers/hash.c helpers/hash.h helpers/record.h \
 common/wire.h common/log.h
helpers/hash.h:
helpers/record.h:
common/wire.h:
common/log.h:
