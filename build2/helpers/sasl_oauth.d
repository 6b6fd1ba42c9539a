build2/helpers/sasl_oauth.o: helpers/sasl_oauth.c helpers/accounts_admin.h \
 helpers/delay.h helpers/hash.h helpers/record.h common/wire.h \
 helpers/registry.h helpers/directory.h helpers/address.h common/conf.h \
 helpers/kv.h common/clock.h helpers/list.h helpers/helper.h \
 common/privileges.h helpers/sasl_exchange.h helpers/login.h \
 common/sasl.h common/wire.h helpers/settings.h helpers/token_client.h
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
helpers/sasl_exchange.h:
helpers/login.h:
common/sasl.h:
common/wire.h:
helpers/settings.h:
helpers/token_client.h:
