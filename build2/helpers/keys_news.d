build2/helpers/keys_news.o: helpers/keys_news.c helpers/keys_news.h \
 common/clock.h helpers/keys_file.h common/packet.h common/wire.h
helpers/keys_news.h:
common/clock.h:
helpers/keys_file.h:
common/packet.h:
common/wire.h:
