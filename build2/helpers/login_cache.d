build2/helpers/login_cache.o: helpers/login_cache.c helpers/login_cache.h \
 common/clock.h common/log.h common/wire.h
helpers/login_cache.h:
common/clock.h:
common/log.h:
common/wire.h:
