build2/helpers/registry.o: helpers/registry.c helpers/registry.h \
 helpers/directory.h helpers/address.h common/conf.h helpers/kv.h \
 common/clock.h common/wire.h helpers/list.h helpers/record.h \
 common/log.h helpers/registry_parts.h helpers/registry_user.h \
 helpers/hash.h
helpers/registry.h:
helpers/directory.h:
helpers/address.h:
common/conf.h:
helpers/kv.h:
common/clock.h:
common/wire.h:
helpers/list.h:
helpers/record.h:
common/log.h:
helpers/registry_parts.h:
helpers/registry_user.h:
helpers/hash.h:
