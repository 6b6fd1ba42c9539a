build2/helpers/rule.o: helpers/rule.c helpers/rule.h helpers/directory.h \
 helpers/address.h common/conf.h helpers/kv.h common/clock.h \
 common/wire.h helpers/list.h helpers/record.h helpers/directory_next.h \
 common/log.h
helpers/rule.h:
helpers/directory.h:
helpers/address.h:
common/conf.h:
helpers/kv.h:
common/clock.h:
common/wire.h:
helpers/list.h:
helpers/record.h:
helpers/directory_next.h:
common/log.h:
