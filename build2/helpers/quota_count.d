build2/helpers/quota_count.o: helpers/quota_count.c helpers/quota_count.h \
 helpers/maildirsize.h helpers/owner.h common/fiber.h helpers/maildir.h
helpers/quota_count.h:
helpers/maildirsize.h:
helpers/owner.h:
common/fiber.h:
helpers/maildir.h:
