build2/common/service_leave.o: common/service_leave.c \
 common/service_leave.h common/log.h common/service_accept.h \
 common/port.h common/ring.h common/worker.h
common/service_leave.h:
common/log.h:
common/service_accept.h:
common/port.h:
common/ring.h:
common/worker.h:
