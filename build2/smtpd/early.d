build2/smtpd/early.o: smtpd/early.c smtpd/early.h smtpd/session.h \
 common/arena.h common/conn.h common/ring.h common/tls.h common/listen.h \
 common/tally.h common/listen.h common/wire.h smtpd/told.h smtpd/client.h \
 common/clock.h common/log.h smtpd/reply.h smtpd/settings.h \
 common/service.h common/conf.h common/service_crowd.h \
 common/tls_settings.h
smtpd/early.h:
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
smtpd/client.h:
common/clock.h:
common/log.h:
smtpd/reply.h:
smtpd/settings.h:
common/service.h:
common/conf.h:
common/service_crowd.h:
common/tls_settings.h:
