build2/helpers/accounts_backup.o: helpers/accounts_backup.c \
 helpers/accounts_backup.h helpers/accounts_admin.h helpers/delay.h \
 helpers/hash.h helpers/record.h common/wire.h helpers/registry.h \
 helpers/directory.h helpers/address.h common/conf.h helpers/kv.h \
 common/clock.h helpers/list.h helpers/kv_copy.h common/log.h \
 common/server.h common/packet.h
helpers/accounts_backup.h:
helpers/accounts_admin.h:
helpers/delay.h:
helpers/hash.h:
helpers/record.h:
common/wire.h:
helpers/registry.h:
helpers/directory.h:
helpers/address.h:
common/conf.h:
helpers/kv.h:
common/clock.h:
helpers/list.h:
helpers/kv_copy.h:
common/log.h:
common/server.h:
common/packet.h:
