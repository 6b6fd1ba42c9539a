build2/smtpd/client.o: smtpd/client.c smtpd/client.h smtpd/session.h \
 common/arena.h common/conn.h common/ring.h common/tls.h common/listen.h \
 common/tally.h common/listen.h common/wire.h smtpd/told.h common/clock.h \
 smtpd/cmd.h smtpd/limits.h common/log.h common/network.h common/conf.h \
 common/proxy.h smtpd/reply.h common/service.h common/service_crowd.h \
 common/tls_settings.h common/service_listen.h common/service.h \
 smtpd/settings.h
smtpd/client.h:
smtpd/session.h:
common/arena.h:
common/conn.h:
common/ring.h:
common/tls.h:
common/listen.h:
common/tally.h:
common/listen.h:
common/wire.h:
smtpd/told.h:
common/clock.h:
smtpd/cmd.h:
smtpd/limits.h:
common/log.h:
common/network.h:
common/conf.h:
common/proxy.h:
smtpd/reply.h:
common/service.h:
common/service_crowd.h:
common/tls_settings.h:
common/service_listen.h:
common/service.h:
smtpd/settings.h:
