build2/helpers/maildir_flag.o: helpers/maildir_flag.c \
 helpers/maildir_flag.h helpers/maildir.h helpers/owner.h
helpers/maildir_flag.h:
helpers/maildir.h:
helpers/owner.h:
