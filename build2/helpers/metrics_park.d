build2/helpers/metrics_park.o: helpers/metrics_park.c \
 helpers/metrics_park.h
helpers/metrics_park.h:
