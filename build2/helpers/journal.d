build2/helpers/journal.o: helpers/journal.c helpers/journal_file.h \
 helpers/journal.h common/clock.h common/log.h common/meter.h \
 helpers/syncer.h
helpers/journal_file.h:
helpers/journal.h:
common/clock.h:
common/log.h:
common/meter.h:
helpers/syncer.h:
