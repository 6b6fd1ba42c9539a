build2/helpers/recent.o: helpers/recent.c helpers/recent.h
helpers/recent.h:
