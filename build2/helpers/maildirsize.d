build2/helpers/maildirsize.o: helpers/maildirsize.c helpers/maildirsize.h \
 helpers/maildir.h helpers/owner.h
helpers/maildirsize.h:
helpers/maildir.h:
helpers/owner.h:
