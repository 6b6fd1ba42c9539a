build2/helpers/quota.o: helpers/quota.c helpers/quota.h helpers/owner.h \
 common/clock.h common/log.h helpers/quota_count.h helpers/maildirsize.h \
 helpers/removals.h common/wire.h
helpers/quota.h:
helpers/owner.h:
common/clock.h:
common/log.h:
helpers/quota_count.h:
helpers/maildirsize.h:
helpers/removals.h:
common/wire.h:
