build2/common/tls_settings.o: common/tls_settings.c common/tls_settings.h \
 common/conf.h
common/tls_settings.h:
common/conf.h:
