build2/smtpd/main.o: smtpd/main.c common/keys.h common/tls_sign.h \
 common/privileges.h common/service.h common/conf.h common/listen.h \
 common/service_crowd.h common/tls_settings.h smtpd/session.h \
 common/arena.h common/conn.h common/ring.h common/tls.h common/listen.h \
 common/tally.h common/wire.h smtpd/told.h smtpd/settings.h \
 common/worker.h
common/keys.h:
common/tls_sign.h:
common/privileges.h:
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
common/worker.h:
