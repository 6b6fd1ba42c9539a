build2/helpers/pam_client.o: helpers/pam_client.c helpers/pam_client.h \
 helpers/password.h helpers/hash.h helpers/record.h common/wire.h \
 common/log.h common/packet.h helpers/pool.h
helpers/pam_client.h:
helpers/password.h:
helpers/hash.h:
helpers/record.h:
common/wire.h:
common/log.h:
common/packet.h:
helpers/pool.h:
