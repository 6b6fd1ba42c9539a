build2/helpers/address.o: helpers/address.c helpers/address.h \
 common/conf.h helpers/kv.h common/clock.h common/wire.h common/utf8.h
helpers/address.h:
common/conf.h:
helpers/kv.h:
common/clock.h:
common/wire.h:
common/utf8.h:
