build2/helpers/sender.o: helpers/sender.c helpers/sender.h \
 helpers/directory.h helpers/address.h common/conf.h helpers/kv.h \
 common/clock.h common/wire.h helpers/list.h helpers/record.h \
 helpers/directory_user.h
helpers/sender.h:
helpers/directory.h:
helpers/address.h:
common/conf.h:
helpers/kv.h:
common/clock.h:
common/wire.h:
helpers/list.h:
helpers/record.h:
helpers/directory_user.h:
