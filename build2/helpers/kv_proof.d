build2/helpers/kv_proof.o: helpers/kv_proof.c helpers/kv_proof.h \
 common/log.h
helpers/kv_proof.h:
common/log.h:
