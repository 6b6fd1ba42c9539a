build2/helpers/twin.o: helpers/twin.c helpers/twin.h helpers/maildir.h \
 helpers/owner.h common/log.h
helpers/twin.h:
helpers/maildir.h:
helpers/owner.h:
common/log.h:
