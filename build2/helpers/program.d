build2/helpers/program.o: helpers/program.c helpers/program.h \
 helpers/token.h common/wire.h common/clock.h common/log.h
helpers/program.h:
helpers/token.h:
common/wire.h:
common/clock.h:
common/log.h:
