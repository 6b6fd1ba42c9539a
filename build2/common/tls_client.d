build2/common/tls_client.o: common/tls_client.c common/tls_client.h \
 common/tls.h common/ring.h common/tls_files.h common/tls_provider.h
common/tls_client.h:
common/tls.h:
common/ring.h:
common/tls_files.h:
common/tls_provider.h:
