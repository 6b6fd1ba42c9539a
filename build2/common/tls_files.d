build2/common/tls_files.o: common/tls_files.c common/tls_files.h \
 common/tls_settings.h common/conf.h
common/tls_files.h:
common/tls_settings.h:
common/conf.h:
