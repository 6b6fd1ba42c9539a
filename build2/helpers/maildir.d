build2/helpers/maildir.o: helpers/maildir.c helpers/maildir.h \
 helpers/owner.h helpers/homes.h common/log.h
helpers/maildir.h:
helpers/owner.h:
helpers/homes.h:
common/log.h:
