build2/pop3d/letter.o: pop3d/letter.c pop3d/letter.h
pop3d/letter.h:
