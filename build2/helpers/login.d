build2/helpers/login.o: helpers/login.c helpers/login.h helpers/delay.h \
 helpers/record.h common/wire.h common/sasl.h common/wire.h \
 helpers/accounts_admin.h helpers/hash.h helpers/registry.h \
 helpers/directory.h helpers/address.h common/conf.h helpers/kv.h \
 common/clock.h helpers/list.h helpers/directory_user.h common/fiber.h \
 common/log.h helpers/pam_client.h helpers/password.h \
 helpers/registry_user.h
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
helpers/directory_user.h:
common/fiber.h:
common/log.h:
helpers/pam_client.h:
helpers/password.h:
helpers/registry_user.h:
