build2/helpers/keys_memory.o: helpers/keys_memory.c helpers/keys_memory.h \
 common/log.h
helpers/keys_memory.h:
common/log.h:
