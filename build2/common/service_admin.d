build2/common/service_admin.o: common/service_admin.c \
 common/service_admin.h common/clock.h common/log.h common/packet.h \
 common/server.h common/service.h common/conf.h common/listen.h \
 common/service_crowd.h common/tls_settings.h common/service_accept.h \
 common/port.h common/ring.h common/wire.h
common/service_admin.h:
common/clock.h:
common/log.h:
common/packet.h:
common/server.h:
common/service.h:
common/conf.h:
common/listen.h:
common/service_crowd.h:
common/tls_settings.h:
common/service_accept.h:
common/port.h:
common/ring.h:
common/wire.h:
