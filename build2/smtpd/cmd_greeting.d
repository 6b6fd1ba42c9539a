build2/smtpd/cmd_greeting.o: smtpd/cmd_greeting.c smtpd/cmd.h \
 smtpd/session.h common/arena.h common/conn.h common/ring.h common/tls.h \
 common/listen.h common/tally.h common/listen.h common/wire.h \
 smtpd/told.h smtpd/address.h smtpd/client.h smtpd/reply.h \
 smtpd/settings.h common/service.h common/conf.h common/service_crowd.h \
 common/tls_settings.h
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
smtpd/address.h:
smtpd/client.h:
smtpd/reply.h:
smtpd/settings.h:
common/service.h:
common/conf.h:
common/service_crowd.h:
common/tls_settings.h:
