build2/helpers/helper.o: helpers/helper.c helpers/helper.h \
 common/privileges.h common/wire.h common/clock.h helpers/settings.h \
 common/conf.h common/super.h common/worker.h
helpers/helper.h:
common/privileges.h:
common/wire.h:
common/clock.h:
helpers/settings.h:
common/conf.h:
common/super.h:
common/worker.h:
