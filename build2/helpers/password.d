build2/helpers/password.o: helpers/password.c helpers/password.h \
 helpers/hash.h helpers/record.h common/wire.h common/clock.h \
 common/fiber.h common/log.h helpers/login_cache.h common/packet.h \
 helpers/pool.h
helpers/password.h:
helpers/hash.h:
helpers/record.h:
common/wire.h:
common/clock.h:
common/fiber.h:
common/log.h:
helpers/login_cache.h:
common/packet.h:
helpers/pool.h:
