build2/helpers/syncer.o: helpers/syncer.c helpers/syncer.h common/clock.h
helpers/syncer.h:
common/clock.h:
