build2/common/conn_tls.o: common/conn_tls.c common/conn.h common/ring.h \
 common/tls.h common/clock.h common/meter.h common/tls_client.h \
 common/tls_files.h
common/conn.h:
common/ring.h:
common/tls.h:
common/clock.h:
common/meter.h:
common/tls_client.h:
common/tls_files.h:
