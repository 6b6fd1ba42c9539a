build2/smtpd/cmd_mail.o: smtpd/cmd_mail.c smtpd/cmd.h smtpd/session.h \
 common/arena.h common/conn.h common/ring.h common/tls.h common/listen.h \
 common/tally.h common/listen.h common/wire.h smtpd/told.h \
 smtpd/address.h common/clock.h smtpd/command.h smtpd/limits.h \
 smtpd/param.h smtpd/path.h smtpd/reply.h common/resolver.h \
 common/service.h common/conf.h common/service_crowd.h \
 common/tls_settings.h smtpd/settings.h smtpd/trace.h common/tls.h
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
common/clock.h:
smtpd/command.h:
smtpd/limits.h:
smtpd/param.h:
smtpd/path.h:
smtpd/reply.h:
common/resolver.h:
common/service.h:
common/conf.h:
common/service_crowd.h:
common/tls_settings.h:
smtpd/settings.h:
smtpd/trace.h:
common/tls.h:
