build2/common/service_renew.o: common/service_renew.c \
 common/service_renew.h common/conf.h common/service_control.h \
 common/tls_files.h common/clock.h common/log.h common/packet.h \
 common/service_conf.h common/tls_renew.h common/tls_sign.h
common/service_renew.h:
common/conf.h:
common/service_control.h:
common/tls_files.h:
common/clock.h:
common/log.h:
common/packet.h:
common/service_conf.h:
common/tls_renew.h:
common/tls_sign.h:
