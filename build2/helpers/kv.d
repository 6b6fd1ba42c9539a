build2/helpers/kv.o: helpers/kv.c helpers/kv.h common/clock.h \
 helpers/kv_parts.h helpers/kv_proof.h common/log.h
helpers/kv.h:
common/clock.h:
helpers/kv_parts.h:
helpers/kv_proof.h:
common/log.h:
