build2/helpers/sasl_fake.o: helpers/sasl_fake.c helpers/sasl_fake.h \
 helpers/login.h helpers/delay.h helpers/record.h common/wire.h \
 common/sasl.h common/wire.h helpers/accounts_admin.h helpers/hash.h \
 helpers/registry.h helpers/directory.h helpers/address.h common/conf.h \
 helpers/kv.h common/clock.h helpers/list.h common/log.h
helpers/sasl_fake.h:
helpers/login.h:
helpers/delay.h:
helpers/record.h:
common/wire.h:
common/sasl.h:
common/wire.h:
helpers/accounts_admin.h:
helpers/hash.h:
helpers/registry.h:
helpers/directory.h:
helpers/address.h:
common/conf.h:
helpers/kv.h:
common/clock.h:
helpers/list.h:
common/log.h:
