build2/helpers/accounts_export.o: helpers/accounts_export.c \
 helpers/accounts_export.h helpers/accounts_admin.h helpers/delay.h \
 helpers/hash.h helpers/record.h common/wire.h helpers/registry.h \
 helpers/directory.h helpers/address.h common/conf.h helpers/kv.h \
 common/clock.h helpers/list.h helpers/accounts_backend.h \
 helpers/directory_next.h helpers/directory_user.h common/log.h \
 common/packet.h common/server.h common/packet.h
helpers/accounts_export.h:
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
helpers/accounts_backend.h:
helpers/directory_next.h:
helpers/directory_user.h:
common/log.h:
common/packet.h:
common/server.h:
common/packet.h:
