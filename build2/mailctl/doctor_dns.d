build2/mailctl/doctor_dns.o: mailctl/doctor_dns.c mailctl/doctor.h \
 mailctl/conf_dump.h mailctl/client.h common/packet.h common/resolver.h \
 common/wire.h
mailctl/doctor.h:
mailctl/conf_dump.h:
mailctl/client.h:
common/packet.h:
common/resolver.h:
common/wire.h:
