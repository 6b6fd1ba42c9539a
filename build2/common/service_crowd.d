build2/common/service_crowd.o: common/service_crowd.c \
 common/service_crowd.h common/listen.h common/clock.h common/fiber.h \
 common/log.h common/meter.h common/service.h common/conf.h \
 common/tls_settings.h common/tally.h
common/service_crowd.h:
common/listen.h:
common/clock.h:
common/fiber.h:
common/log.h:
common/meter.h:
common/service.h:
common/conf.h:
common/tls_settings.h:
common/tally.h:
