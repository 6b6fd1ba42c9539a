build2/helpers/main.o: helpers/main.c common/conf_print.h common/conf.h \
 helpers/fleet.h helpers/helper.h common/privileges.h common/wire.h \
 common/listen_path.h helpers/heritage.h helpers/keys_news.h common/log.h \
 common/meter.h helpers/settings.h common/conf.h common/service_notify.h \
 common/super.h common/super_exec.h common/super_pid.h
common/conf_print.h:
common/conf.h:
helpers/fleet.h:
helpers/helper.h:
common/privileges.h:
common/wire.h:
common/listen_path.h:
helpers/heritage.h:
helpers/keys_news.h:
common/log.h:
common/meter.h:
helpers/settings.h:
common/conf.h:
common/service_notify.h:
common/super.h:
common/super_exec.h:
common/super_pid.h:
