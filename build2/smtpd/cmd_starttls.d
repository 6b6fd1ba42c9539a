build2/smtpd/cmd_starttls.o: smtpd/cmd_starttls.c smtpd/cmd.h \
 smtpd/session.h common/arena.h common/conn.h common/ring.h common/tls.h \
 common/listen.h common/tally.h common/listen.h common/wire.h \
 smtpd/told.h common/clock.h common/keys.h common/tls_sign.h common/log.h \
 smtpd/reply.h common/service.h common/conf.h common/service_crowd.h \
 common/tls_settings.h smtpd/settings.h
smtpd/cmd.h:
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
common/keys.h:
common/tls_sign.h:
common/log.h:
smtpd/reply.h:
common/service.h:
common/conf.h:
common/service_crowd.h:
common/tls_settings.h:
smtpd/settings.h:
