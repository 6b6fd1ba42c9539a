build2/common/tls_tickets.o: common/tls_tickets.c common/tls_tickets.h \
 common/clock.h common/tls_provider.h
common/tls_tickets.h:
common/clock.h:
common/tls_provider.h:
