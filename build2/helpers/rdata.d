build2/helpers/rdata.o: helpers/rdata.c helpers/rdata.h common/resolver.h
helpers/rdata.h:
common/resolver.h:
