build2/helpers/accounts_login.o: helpers/accounts_login.c \
 helpers/accounts_login.h common/accounts.h common/wire.h \
 helpers/accounts_admin.h helpers/delay.h helpers/hash.h helpers/record.h \
 common/wire.h helpers/registry.h helpers/directory.h helpers/address.h \
 common/conf.h helpers/kv.h common/clock.h helpers/list.h \
 helpers/helper.h common/privileges.h common/packet.h common/sasl.h \
 helpers/sender.h common/server.h common/packet.h helpers/settings.h
helpers/accounts_login.h:
common/accounts.h:
common/wire.h:
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
helpers/helper.h:
common/privileges.h:
common/packet.h:
common/sasl.h:
helpers/sender.h:
common/server.h:
common/packet.h:
helpers/settings.h:
