build2/helpers/record.o: helpers/record.c helpers/record.h common/wire.h
helpers/record.h:
common/wire.h:
