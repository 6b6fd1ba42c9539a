build2/helpers/accounts_explain.o: helpers/accounts_explain.c \
 helpers/accounts_explain.h common/accounts.h common/wire.h \
 helpers/accounts_admin.h helpers/delay.h helpers/hash.h helpers/record.h \
 common/wire.h helpers/registry.h helpers/directory.h helpers/address.h \
 common/conf.h helpers/kv.h common/clock.h helpers/list.h common/log.h \
 common/packet.h helpers/registry_parts.h helpers/registry_user.h \
 helpers/rule.h common/server.h common/packet.h
helpers/accounts_explain.h:
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
common/log.h:
common/packet.h:
helpers/registry_parts.h:
helpers/registry_user.h:
helpers/rule.h:
common/server.h:
common/packet.h:
