build2/common/proxy.o: common/proxy.c common/proxy.h common/listen.h \
 common/conn.h common/ring.h common/tls.h
common/proxy.h:
common/listen.h:
common/conn.h:
common/ring.h:
common/tls.h:
