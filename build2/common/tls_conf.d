build2/common/tls_conf.o: common/tls_conf.c common/tls_conf.h \
 common/tls_files.h common/tls_settings.h common/conf.h \
 common/tls_certificate.h common/tls_sign.h common/tls_provider.h \
 common/tls_tickets.h
common/tls_conf.h:
common/tls_files.h:
common/tls_settings.h:
common/conf.h:
common/tls_certificate.h:
common/tls_sign.h:
common/tls_provider.h:
common/tls_tickets.h:
