build2/pop3d/xclient.o: pop3d/xclient.c pop3d/xclient.h common/listen.h
pop3d/xclient.h:
common/listen.h:
