build2/helpers/accounts_ticket.o: helpers/accounts_ticket.c \
 helpers/accounts_ticket.h common/wire.h helpers/accounts_admin.h \
 helpers/delay.h helpers/hash.h helpers/record.h helpers/registry.h \
 helpers/directory.h helpers/address.h common/conf.h helpers/kv.h \
 common/clock.h helpers/list.h helpers/accounts_owner.h \
 helpers/directory_user.h helpers/helper.h common/privileges.h \
 common/log.h common/packet.h helpers/settings.h helpers/share.h
helpers/accounts_ticket.h:
common/wire.h:
helpers/accounts_admin.h:
helpers/delay.h:
helpers/hash.h:
helpers/record.h:
helpers/registry.h:
helpers/directory.h:
helpers/address.h:
common/conf.h:
helpers/kv.h:
common/clock.h:
helpers/list.h:
helpers/accounts_owner.h:
helpers/directory_user.h:
helpers/helper.h:
common/privileges.h:
common/log.h:
common/packet.h:
helpers/settings.h:
helpers/share.h:
