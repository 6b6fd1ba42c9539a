build2/common/service_id.o: common/service_id.c common/service_id.h \
 common/clock.h
common/service_id.h:
common/clock.h:
