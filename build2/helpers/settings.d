build2/helpers/settings.o: helpers/settings.c helpers/settings.h \
 common/conf.h helpers/address.h helpers/kv.h common/clock.h \
 common/wire.h helpers/backends.h helpers/helper.h common/privileges.h \
 common/listen.h common/listen_path.h common/log.h
helpers/settings.h:
common/conf.h:
helpers/address.h:
helpers/kv.h:
common/clock.h:
common/wire.h:
helpers/backends.h:
helpers/helper.h:
common/privileges.h:
common/listen.h:
common/listen_path.h:
common/log.h:
