build2/helpers/accounts_sasl.o: helpers/accounts_sasl.c \
 helpers/accounts_sasl.h helpers/accounts_admin.h helpers/delay.h \
 helpers/hash.h helpers/record.h common/wire.h helpers/registry.h \
 helpers/directory.h helpers/address.h common/conf.h helpers/kv.h \
 common/clock.h helpers/list.h helpers/accounts_sasl_reply.h \
 helpers/login.h common/sasl.h common/wire.h helpers/helper.h \
 common/privileges.h common/log.h common/packet.h helpers/sasl_exchange.h \
 common/server.h common/packet.h helpers/settings.h
helpers/accounts_sasl.h:
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
helpers/accounts_sasl_reply.h:
helpers/login.h:
common/sasl.h:
common/wire.h:
helpers/helper.h:
common/privileges.h:
common/log.h:
common/packet.h:
helpers/sasl_exchange.h:
common/server.h:
common/packet.h:
helpers/settings.h:
