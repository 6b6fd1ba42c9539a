build2/helpers/accounts.o: helpers/accounts.c common/accounts.h \
 common/wire.h helpers/accounts_admin.h helpers/delay.h helpers/hash.h \
 helpers/record.h common/wire.h helpers/registry.h helpers/directory.h \
 helpers/address.h common/conf.h helpers/kv.h common/clock.h \
 helpers/list.h helpers/accounts_backend.h helpers/accounts_backup.h \
 helpers/accounts_bulk.h helpers/accounts_explain.h \
 helpers/accounts_export.h helpers/accounts_login.h \
 helpers/accounts_owner.h helpers/accounts_rows.h common/server.h \
 common/packet.h helpers/accounts_sasl.h helpers/accounts_users.h \
 helpers/directory_user.h common/fiber.h helpers/helper.h \
 common/privileges.h common/log.h common/packet.h helpers/password.h \
 helpers/pool.h common/ring.h helpers/rule.h common/service_notify.h \
 helpers/settings.h helpers/share.h common/worker.h
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
helpers/accounts_backend.h:
helpers/accounts_backup.h:
helpers/accounts_bulk.h:
helpers/accounts_explain.h:
helpers/accounts_export.h:
helpers/accounts_login.h:
helpers/accounts_owner.h:
helpers/accounts_rows.h:
common/server.h:
common/packet.h:
helpers/accounts_sasl.h:
helpers/accounts_users.h:
helpers/directory_user.h:
common/fiber.h:
helpers/helper.h:
common/privileges.h:
common/log.h:
common/packet.h:
helpers/password.h:
helpers/pool.h:
common/ring.h:
helpers/rule.h:
common/service_notify.h:
helpers/settings.h:
helpers/share.h:
common/worker.h:
