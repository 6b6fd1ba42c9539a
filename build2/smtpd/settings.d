build2/smtpd/settings.o: smtpd/settings.c smtpd/settings.h \
 common/service.h common/conf.h common/listen.h common/service_crowd.h \
 common/tls_settings.h smtpd/address.h common/listen_path.h common/log.h \
 common/mechanism.h common/sasl.h common/wire.h common/network.h
smtpd/settings.h:
common/service.h:
common/conf.h:
common/listen.h:
common/service_crowd.h:
common/tls_settings.h:
smtpd/address.h:
common/listen_path.h:
common/log.h:
common/mechanism.h:
common/sasl.h:
common/wire.h:
common/network.h:
