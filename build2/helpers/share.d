build2/helpers/share.o: helpers/share.c helpers/share.h
helpers/share.h:
