build2/helpers/accounts_sasl_reply.o: helpers/accounts_sasl_reply.c \
 helpers/accounts_sasl_reply.h helpers/login.h helpers/delay.h \
 helpers/record.h common/wire.h common/sasl.h common/wire.h \
 helpers/accounts_ticket.h common/packet.h common/server.h \
 common/packet.h
helpers/accounts_sasl_reply.h:
helpers/login.h:
helpers/delay.h:
helpers/record.h:
common/wire.h:
common/sasl.h:
common/wire.h:
helpers/accounts_ticket.h:
common/packet.h:
common/server.h:
common/packet.h:
