build2/helpers/metrics_http.o: helpers/metrics_http.c \
 helpers/metrics_http.h common/clock.h common/fiber.h common/listen.h \
 common/log.h common/ring.h
helpers/metrics_http.h:
common/clock.h:
common/fiber.h:
common/listen.h:
common/log.h:
common/ring.h:
