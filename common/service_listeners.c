#include "service_listeners.h"

#include "listen.h"
#include "listen_given.h"
#include "log.h"

#include <errno.h>
#include <fcntl.h>
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

	if (address[0] == '/' || listen_is_named(address))
		return 0;
	for (size_t i = 0; i < before->count; i++) {
		other = before->items[i].address;
		if (other[0] != '/' && !listen_is_named(other) &&
		    strcmp(port, strrchr(other, ':')) == 0 &&
		    !service_listen_has(conf, other))
			return 1;
	}
	return 0;
}

/* A UNIX socket, whose queue all workers share. */
static int
open_path(struct service_listener *item, unsigned each,
    const struct listen_access *access, char *why, size_t size)
{
	unsigned i = 1;
	int saved;

	item->fds[0] = listen_path_open(item->address, access, &item->file);
	if (item->fds[0] == -1)
		goto failed;
	for (; i < each; i++) {
		item->fds[i] = fcntl(item->fds[0], F_DUPFD_CLOEXEC, 0);
		if (item->fds[i] == -1)
			goto opened;
	}
	return 0;
opened:
	saved = errno;
	listen_path_remove(item->address, &item->file);
	while (i > 0)
		close(item->fds[--i]);
	errno = saved;
failed:
	snprintf(why, size, "%s: %s", item->address,
	    errno == EEXIST ? "is there, and is no socket" : strerror(errno));
	return -1;
}

/* Sockets for item->address: given ones, or new ones. */
static int
open_sockets(struct service_listener *item, unsigned each,
    const struct listen_access *access, int is_beside, char *why, size_t size)
{
	int got = listen_given_open(item->address, item->fds, each, why, size);

	if (got == 2 && item->address[0] == '/' &&
	    listen_path_permit(item->address, &item->file, access) == -1)
		log_warn("listener.not_permitted",
		    log_text("address", item->address), log_errno(errno));
	if (got != 0) {
		item->is_passed = got == 1;
		return got == -1 ? -1 : 0;
	}
	if (item->address[0] == '/')
		return open_path(item, each, access, why, size);
	return (is_beside ? listen_open_beside : listen_open)(
	    item->address, item->fds, each, why, size);
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
	else if (open_sockets(
		     item, l->each, &l->access, is_beside, why, size) == 0)
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

	*l = (struct service_listeners){
	    .each = each, .access = listen_access_default};
	if (conf->unix_mode != NULL &&
	    listen_access_parse(
		conf->unix_mode, conf->unix_group, &l->access, why, size) == -1)
		return -1;
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
	if (item->file.inode != 0)
		listen_path_remove(item->address, &item->file);
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

/* A listener that stays gets the access that its file is to have by now. */
static void
permit(struct service_listener *item, const struct listen_access *access)
{
	if (item->file.inode != 0 &&
	    listen_path_permit(item->address, &item->file, access) == -1)
		log_warn("listener.not_permitted",
		    log_text("address", item->address), log_errno(errno));
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
	for (size_t i = 0; i < next->count; i++) {
		if (next->items[i].is_shared)
			permit(&next->items[i], &next->access);
		next->items[i].is_shared = 0;
	}
	*now = *next;
	*next = (struct service_listeners){0};
	return gone;
}
