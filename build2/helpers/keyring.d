build2/helpers/keyring.o: helpers/keyring.c helpers/keyring.h \
 helpers/keys_file.h common/clock.h common/log.h
helpers/keyring.h:
helpers/keys_file.h:
common/clock.h:
common/log.h:
