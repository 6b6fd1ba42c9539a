build2/common/tls_certificate.o: common/tls_certificate.c \
 common/tls_certificate.h common/tls_conf.h common/tls_files.h \
 common/tls_settings.h common/conf.h common/tls_sign.h \
 common/tls_provider.h
common/tls_certificate.h:
common/tls_conf.h:
common/tls_files.h:
common/tls_settings.h:
common/conf.h:
common/tls_sign.h:
common/tls_provider.h:
