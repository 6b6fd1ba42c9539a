build2/helpers/directory.o: helpers/directory.c helpers/directory.h \
 helpers/address.h common/conf.h helpers/kv.h common/clock.h \
 common/wire.h helpers/list.h helpers/record.h helpers/directory_next.h \
 helpers/directory_user.h common/log.h
helpers/directory.h:
helpers/address.h:
common/conf.h:
helpers/kv.h:
common/clock.h:
common/wire.h:
helpers/list.h:
helpers/record.h:
helpers/directory_next.h:
helpers/directory_user.h:
common/log.h:
