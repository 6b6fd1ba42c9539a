build2/common/service_conf.o: common/service_conf.c common/service_conf.h \
 common/conf.h common/packet.h common/tls_client.h common/tls.h \
 common/ring.h common/tls_files.h common/tls_conf.h common/tls_settings.h
common/service_conf.h:
common/conf.h:
common/packet.h:
common/tls_client.h:
common/tls.h:
common/ring.h:
common/tls_files.h:
common/tls_conf.h:
common/tls_settings.h:
