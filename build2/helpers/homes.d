build2/helpers/homes.o: helpers/homes.c helpers/homes.h helpers/owner.h
helpers/homes.h:
helpers/owner.h:
