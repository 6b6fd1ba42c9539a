build2/common/tls_provider.o: common/tls_provider.c common/tls_provider.h \
 common/tls_sign.h
common/tls_provider.h:
common/tls_sign.h:
