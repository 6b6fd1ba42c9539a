build2/helpers/accounts_owner.o: helpers/accounts_owner.c \
 helpers/accounts_owner.h helpers/address.h common/conf.h helpers/kv.h \
 common/clock.h common/wire.h helpers/record.h helpers/helper.h \
 common/privileges.h common/log.h helpers/settings.h
helpers/accounts_owner.h:
helpers/address.h:
common/conf.h:
helpers/kv.h:
common/clock.h:
common/wire.h:
helpers/record.h:
helpers/helper.h:
common/privileges.h:
common/log.h:
helpers/settings.h:
