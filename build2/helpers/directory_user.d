build2/helpers/directory_user.o: helpers/directory_user.c \
 helpers/directory_user.h helpers/directory.h helpers/address.h \
 common/conf.h helpers/kv.h common/clock.h common/wire.h helpers/list.h \
 helpers/record.h common/log.h
helpers/directory_user.h:
helpers/directory.h:
helpers/address.h:
common/conf.h:
helpers/kv.h:
common/clock.h:
common/wire.h:
helpers/list.h:
helpers/record.h:
common/log.h:
