build2/helpers/snapshot.o: helpers/snapshot.c helpers/snapshot.h \
 common/arena.h helpers/maildir.h helpers/owner.h
helpers/snapshot.h:
common/arena.h:
helpers/maildir.h:
helpers/owner.h:
