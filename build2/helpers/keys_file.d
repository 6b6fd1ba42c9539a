build2/helpers/keys_file.o: helpers/keys_file.c helpers/keys_file.h \
 common/log.h
helpers/keys_file.h:
common/log.h:
