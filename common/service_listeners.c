#include "service_listeners.h"

#include "listen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct service_listener *
find(const struct service_listeners *l, const char *address)
{
	for (size_t i = 0; i < l->count; i++)
		if (strcmp(l->items[i].address, address) == 0)
			return &l->items[i];
	return NULL;
}

/* Whether a listener with this address's port is about to be closed. */
static int
port_is_leaving(const struct service_listeners *before,
    const struct service_settings *conf, const char *address)
{
	const char *port = strrchr(address, ':'), *other;

	if (address[0] == '/')
		return 0;
	for (size_t i = 0; i < before->count; i++) {
		other = before->items[i].address;
		if (other[0] != '/' && strcmp(port, strrchr(other, ':')) == 0 &&
		    !service_listen_has(conf, other))
			return 1;
	}
	return 0;
}

static int
open_one(struct service_listeners *l, const char *address, int is_beside,
    char *why, size_t size)
{
	struct service_listener *item = &l->items[l->count];

	*item = (struct service_listener){
	    .address = strdup(address),
	    .fds = calloc(l->each, sizeof(*item->fds)),
	    .is_new = 1,
	};
	if (item->address == NULL || item->fds == NULL)
		snprintf(why, size, "no memory");
	else if ((is_beside ? listen_open_beside : listen_open)(
		     address, item->fds, l->each, why, size) == 0)
		return 0;
	free(item->address);
	free(item->fds);
	return -1;
}

int
service_listeners_open(struct service_listeners *l,
    const struct service_settings *conf, unsigned each,
    const struct service_listeners *before, char *why, size_t size)
{
	size_t count = service_listen_count(conf);
	struct service_listener *old;
	const char *address;

	*l = (struct service_listeners){.each = each};
	l->items = calloc(count + 1, sizeof(*l->items));
	if (l->items == NULL || count == 0) {
		free(l->items);
		snprintf(
		    why, size, count == 0 ? "names no address" : "no memory");
		return -1;
	}
	for (; l->count < count; l->count++) {
		address = service_listen_address(conf, l->count);
		if ((old = find(before, address)) != NULL) {
			l->items[l->count] = *old;
			l->items[l->count].is_shared = 1;
		} else if (open_one(l, address,
			       port_is_leaving(before, conf, address), why,
			       size) == -1) {
			service_listeners_close(l);
			return -1;
		}
	}
	return 0;
}

void
service_listeners_known(struct service_listeners *l)
{
	for (size_t i = 0; i < l->count; i++)
		l->items[i].is_new = 0;
}

static void
close_one(struct service_listener *item, unsigned each)
{
	for (unsigned i = 0; i < each; i++)
		close(item->fds[i]);
	free(item->fds);
	free(item->address);
}

void
service_listeners_close(struct service_listeners *l)
{
	for (size_t i = 0; i < l->count; i++)
		if (!l->items[i].is_shared)
			close_one(&l->items[i], l->each);
	free(l->items);
	*l = (struct service_listeners){.each = l->each};
}

size_t
service_listeners_replace(
    struct service_listeners *now, struct service_listeners *next)
{
	size_t gone = 0;

	for (size_t i = 0; i < now->count; i++) {
		now->items[i].is_shared =
		    find(next, now->items[i].address) != NULL;
		gone += !now->items[i].is_shared;
	}
	service_listeners_close(now);
	for (size_t i = 0; i < next->count; i++)
		next->items[i].is_shared = 0;
	*now = *next;
	*next = (struct service_listeners){0};
	return gone;
}
