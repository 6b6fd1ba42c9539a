build2/helpers/keys_tls.o: helpers/keys_tls.c helpers/keys_tls.h
helpers/keys_tls.h:
