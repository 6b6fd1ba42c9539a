build2/helpers/token_client.o: helpers/token_client.c \
 helpers/token_client.h common/sasl.h common/wire.h \
 helpers/accounts_admin.h helpers/delay.h helpers/hash.h helpers/record.h \
 common/wire.h helpers/registry.h helpers/directory.h helpers/address.h \
 common/conf.h helpers/kv.h common/clock.h helpers/list.h common/log.h \
 common/packet.h helpers/pool.h helpers/token.h
helpers/token_client.h:
common/sasl.h:
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
helpers/pool.h:
helpers/token.h:
