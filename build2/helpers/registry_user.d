build2/helpers/registry_user.o: helpers/registry_user.c \
 helpers/registry_user.h helpers/hash.h helpers/record.h common/wire.h \
 helpers/registry.h helpers/directory.h helpers/address.h common/conf.h \
 helpers/kv.h common/clock.h helpers/list.h helpers/directory_user.h \
 helpers/registry_parts.h
helpers/registry_user.h:
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
helpers/directory_user.h:
helpers/registry_parts.h:
