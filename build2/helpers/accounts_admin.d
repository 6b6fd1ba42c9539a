build2/helpers/accounts_admin.o: helpers/accounts_admin.c \
 helpers/accounts_admin.h helpers/delay.h helpers/hash.h helpers/record.h \
 common/wire.h helpers/registry.h helpers/directory.h helpers/address.h \
 common/conf.h helpers/kv.h common/clock.h helpers/list.h \
 helpers/directory_next.h common/log.h common/packet.h \
 helpers/registry_rule.h helpers/rule.h common/server.h common/packet.h
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
helpers/directory_next.h:
common/log.h:
common/packet.h:
helpers/registry_rule.h:
helpers/rule.h:
common/server.h:
common/packet.h:
