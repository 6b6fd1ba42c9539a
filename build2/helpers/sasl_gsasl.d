build2/helpers/sasl_gsasl.o: helpers/sasl_gsasl.c helpers/accounts_admin.h \
 helpers/delay.h helpers/hash.h helpers/record.h common/wire.h \
 helpers/registry.h helpers/directory.h helpers/address.h common/conf.h \
 helpers/kv.h common/clock.h helpers/list.h common/base64.h common/log.h \
 helpers/sasl_exchange.h helpers/login.h common/sasl.h common/wire.h \
 helpers/sasl_fake.h
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
common/base64.h:
common/log.h:
helpers/sasl_exchange.h:
helpers/login.h:
common/sasl.h:
common/wire.h:
helpers/sasl_fake.h:
