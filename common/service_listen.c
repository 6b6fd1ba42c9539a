#include "service_listen.h"

#include <string.h>

#define LISTS (2 + SERVICE_MORE)

static const struct conf_list *
list(const struct service_settings *s, unsigned n)
{
	return n == 0	? &s->listen
	       : n == 1 ? &s->listen_tls
			: &s->listen_more[n - 2];
}

size_t
service_listen_count(const struct service_settings *s)
{
	size_t count = 0;

	for (unsigned n = 0; n < LISTS; n++)
		count += list(s, n)->count;
	return count;
}

/* The list that holds listener *i, which becomes the place there. */
static unsigned
find_list(const struct service_settings *s, size_t *i)
{
	unsigned n = 0;

	while (n + 1 < LISTS && *i >= list(s, n)->count)
		*i -= list(s, n++)->count;
	return n;
}

unsigned
service_listen_list(const struct service_settings *s, size_t i)
{
	return find_list(s, &i);
}

const char *
service_listen_address(const struct service_settings *s, size_t i)
{
	unsigned n = find_list(s, &i);

	return list(s, n)->items[i];
}

int
service_listen_is_tls(const struct service_settings *s, size_t i)
{
	return service_listen_list(s, i) == 1;
}

int
service_listen_has(const struct service_settings *s, const char *address)
{
	for (size_t i = 0; i < service_listen_count(s); i++)
		if (strcmp(service_listen_address(s, i), address) == 0)
			return 1;
	return 0;
}
