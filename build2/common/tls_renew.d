build2/common/tls_renew.o: common/tls_renew.c common/tls_renew.h \
 common/tls_files.h common/tls_sign.h common/tls_certificate.h \
 common/tls_conf.h common/tls_settings.h common/conf.h
common/tls_renew.h:
common/tls_files.h:
common/tls_sign.h:
common/tls_certificate.h:
common/tls_conf.h:
common/tls_settings.h:
common/conf.h:
