build2/smtpd/limits.o: smtpd/limits.c smtpd/limits.h common/clock.h \
 common/rate.h common/service.h common/conf.h common/listen.h \
 common/service_crowd.h common/tls_settings.h smtpd/session.h \
 common/arena.h common/conn.h common/ring.h common/tls.h common/listen.h \
 common/tally.h common/wire.h smtpd/told.h smtpd/settings.h
smtpd/limits.h:
common/clock.h:
common/rate.h:
common/service.h:
common/conf.h:
common/listen.h:
common/service_crowd.h:
common/tls_settings.h:
smtpd/session.h:
common/arena.h:
common/conn.h:
common/ring.h:
common/tls.h:
common/listen.h:
common/tally.h:
common/wire.h:
smtpd/told.h:
smtpd/settings.h:
