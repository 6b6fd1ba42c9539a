build2/helpers/sasl_exchange.o: helpers/sasl_exchange.c \
 helpers/sasl_exchange.h helpers/login.h helpers/delay.h helpers/record.h \
 common/wire.h common/sasl.h common/wire.h
helpers/sasl_exchange.h:
helpers/login.h:
helpers/delay.h:
helpers/record.h:
common/wire.h:
common/sasl.h:
common/wire.h:
