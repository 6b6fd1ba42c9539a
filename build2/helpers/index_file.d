build2/helpers/index_file.o: helpers/index_file.c helpers/index_file.h
helpers/index_file.h:
