build2/helpers/registry_rule.o: helpers/registry_rule.c \
 helpers/registry_rule.h helpers/registry.h helpers/directory.h \
 helpers/address.h common/conf.h helpers/kv.h common/clock.h \
 common/wire.h helpers/list.h helpers/record.h helpers/rule.h \
 common/log.h helpers/registry_parts.h helpers/registry_user.h \
 helpers/hash.h
helpers/registry_rule.h:
helpers/registry.h:
helpers/directory.h:
helpers/address.h:
common/conf.h:
helpers/kv.h:
common/clock.h:
common/wire.h:
helpers/list.h:
helpers/record.h:
helpers/rule.h:
common/log.h:
helpers/registry_parts.h:
helpers/registry_user.h:
helpers/hash.h:
