build2/helpers/accounts_backend.o: helpers/accounts_backend.c \
 helpers/accounts_backend.h helpers/accounts_admin.h helpers/delay.h \
 helpers/hash.h helpers/record.h common/wire.h helpers/registry.h \
 helpers/directory.h helpers/address.h common/conf.h helpers/kv.h \
 common/clock.h helpers/list.h helpers/backends.h \
 helpers/directory_next.h helpers/directory_user.h helpers/helper.h \
 common/privileges.h common/packet.h helpers/password.h \
 helpers/registry_user.h common/server.h common/packet.h \
 helpers/settings.h
helpers/accounts_backend.h:
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
helpers/backends.h:
helpers/directory_next.h:
helpers/directory_user.h:
helpers/helper.h:
common/privileges.h:
common/packet.h:
helpers/password.h:
helpers/registry_user.h:
common/server.h:
common/packet.h:
helpers/settings.h:
