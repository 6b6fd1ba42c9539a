build2/pop3d/backend_capa.o: pop3d/backend_capa.c pop3d/backend_capa.h \
 common/conf.h
pop3d/backend_capa.h:
common/conf.h:
