build2/helpers/keys.o: helpers/keys.c common/clock.h common/fiber.h \
 helpers/helper.h common/privileges.h common/wire.h helpers/keyring.h \
 helpers/keys_file.h helpers/keys_memory.h helpers/keys_tls.h \
 common/log.h common/packet.h common/ring.h common/server.h \
 common/packet.h common/service_notify.h helpers/settings.h common/conf.h \
 common/super.h common/worker.h
common/clock.h:
common/fiber.h:
helpers/helper.h:
common/privileges.h:
common/wire.h:
helpers/keyring.h:
helpers/keys_file.h:
helpers/keys_memory.h:
helpers/keys_tls.h:
common/log.h:
common/packet.h:
common/ring.h:
common/server.h:
common/packet.h:
common/service_notify.h:
helpers/settings.h:
common/conf.h:
common/super.h:
common/worker.h:
