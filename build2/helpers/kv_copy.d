build2/helpers/kv_copy.o: helpers/kv_copy.c helpers/kv_copy.h helpers/kv.h \
 common/clock.h helpers/kv_parts.h common/log.h
helpers/kv_copy.h:
helpers/kv.h:
common/clock.h:
helpers/kv_parts.h:
common/log.h:
