build2/common/tls_identity.o: common/tls_identity.c common/tls_identity.h
common/tls_identity.h:
