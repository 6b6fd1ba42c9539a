build2/helpers/registry_bulk.o: helpers/registry_bulk.c \
 helpers/registry_bulk.h helpers/registry_user.h helpers/hash.h \
 helpers/record.h common/wire.h helpers/registry.h helpers/directory.h \
 helpers/address.h common/conf.h helpers/kv.h common/clock.h \
 helpers/list.h helpers/directory_user.h common/log.h \
 helpers/registry_parts.h
helpers/registry_bulk.h:
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
common/log.h:
helpers/registry_parts.h:
