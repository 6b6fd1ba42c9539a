#include "service_listen.h"

#include <string.h>

size_t
service_listen_count(const struct service_settings *s)
{
	return s->listen.count + s->listen_tls.count;
}

const char *
service_listen_address(const struct service_settings *s, size_t i)
{
	return i < s->listen.count ? s->listen.items[i]
				   : s->listen_tls.items[i - s->listen.count];
}

int
service_listen_is_tls(const struct service_settings *s, size_t i)
{
	return i >= s->listen.count;
}

int
service_listen_has(const struct service_settings *s, const char *address)
{
	for (size_t i = 0; i < service_listen_count(s); i++)
		if (strcmp(service_listen_address(s, i), address) == 0)
			return 1;
	return 0;
}
