build2/common/tls_sign.o: common/tls_sign.c common/tls_sign.h
common/tls_sign.h:
