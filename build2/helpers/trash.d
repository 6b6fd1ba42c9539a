build2/helpers/trash.o: helpers/trash.c helpers/trash.h helpers/owner.h \
 common/clock.h common/fiber.h common/log.h helpers/maildir.h
helpers/trash.h:
helpers/owner.h:
common/clock.h:
common/fiber.h:
common/log.h:
helpers/maildir.h:
