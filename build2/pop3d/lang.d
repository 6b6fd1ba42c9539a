build2/pop3d/lang.o: pop3d/lang.c pop3d/lang.h
pop3d/lang.h:
