build2/helpers/backends.o: helpers/backends.c helpers/backends.h \
 common/conf.h common/wire.h
helpers/backends.h:
common/conf.h:
common/wire.h:
