build2/pop3d/argument.o: pop3d/argument.c pop3d/argument.h
pop3d/argument.h:
