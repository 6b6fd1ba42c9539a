build2/helpers/list.o: helpers/list.c helpers/list.h helpers/record.h \
 common/wire.h helpers/address.h common/conf.h helpers/kv.h \
 common/clock.h common/log.h
helpers/list.h:
helpers/record.h:
common/wire.h:
helpers/address.h:
common/conf.h:
helpers/kv.h:
common/clock.h:
common/log.h:
