build2/helpers/accounts_bulk.o: helpers/accounts_bulk.c \
 helpers/accounts_bulk.h helpers/accounts_admin.h helpers/delay.h \
 helpers/hash.h helpers/record.h common/wire.h helpers/registry.h \
 helpers/directory.h helpers/address.h common/conf.h helpers/kv.h \
 common/clock.h helpers/list.h helpers/accounts_owner.h \
 helpers/accounts_users.h helpers/directory_user.h helpers/helper.h \
 common/privileges.h common/log.h common/packet.h helpers/password.h \
 helpers/registry_bulk.h helpers/registry_user.h common/server.h \
 common/packet.h helpers/settings.h
helpers/accounts_bulk.h:
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
helpers/accounts_owner.h:
helpers/accounts_users.h:
helpers/directory_user.h:
helpers/helper.h:
common/privileges.h:
common/log.h:
common/packet.h:
helpers/password.h:
helpers/registry_bulk.h:
helpers/registry_user.h:
common/server.h:
common/packet.h:
helpers/settings.h:
