build2/smtpd/cmd_auth.o: smtpd/cmd_auth.c smtpd/cmd.h smtpd/session.h \
 common/arena.h common/conn.h common/ring.h common/tls.h common/listen.h \
 common/tally.h common/listen.h common/wire.h smtpd/told.h common/clock.h \
 smtpd/command.h common/log.h smtpd/reply.h common/mechanism.h \
 common/sasl.h common/wire.h common/sasl_count.h common/sasl_relay.h \
 common/sasl_relay.h common/service.h common/conf.h \
 common/service_crowd.h common/tls_settings.h smtpd/settings.h
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
smtpd/command.h:
common/log.h:
smtpd/reply.h:
common/mechanism.h:
common/sasl.h:
common/wire.h:
common/sasl_count.h:
common/sasl_relay.h:
common/sasl_relay.h:
common/service.h:
common/conf.h:
common/service_crowd.h:
common/tls_settings.h:
smtpd/settings.h:
