build2/helpers/journal_file.o: helpers/journal_file.c \
 helpers/journal_file.h helpers/journal.h common/log.h
helpers/journal_file.h:
helpers/journal.h:
common/log.h:
