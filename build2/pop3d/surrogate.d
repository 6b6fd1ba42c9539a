build2/pop3d/surrogate.o: pop3d/surrogate.c pop3d/surrogate.h \
 common/base64.h common/utf8.h
pop3d/surrogate.h:
common/base64.h:
common/utf8.h:
