build2/helpers/delay.o: helpers/delay.c helpers/delay.h common/clock.h \
 common/log.h
helpers/delay.h:
common/clock.h:
common/log.h:
