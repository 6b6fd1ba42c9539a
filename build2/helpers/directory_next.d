build2/helpers/directory_next.o: helpers/directory_next.c \
 helpers/directory_next.h helpers/directory.h helpers/address.h \
 common/conf.h helpers/kv.h common/clock.h common/wire.h helpers/list.h \
 helpers/record.h common/log.h
helpers/directory_next.h:
helpers/directory.h:
helpers/address.h:
common/conf.h:
helpers/kv.h:
common/clock.h:
common/wire.h:
helpers/list.h:
helpers/record.h:
common/log.h:
