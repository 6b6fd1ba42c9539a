build2/helpers/owner.o: helpers/owner.c helpers/owner.h common/log.h
helpers/owner.h:
common/log.h:
