#include "mailbox_link.h"

#include "device.h"
#include "log.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Mailboxes whose helper is remembered; those that share a place take turns. */
#define ROUTES (1u << 18)

struct mailbox {
	unsigned limit;
	struct device *devices[WIRE_HELPERS_MAX];
	char path[];
};

static atomic_uchar routes[ROUTES];

struct mailbox *
mailbox_connect(const char *path, unsigned limit)
{
	size_t size = strlen(path) + 1;
	struct mailbox *m = calloc(1, sizeof(*m) + size);

	if (m == NULL)
		return NULL;
	m->limit = limit;
	memcpy(m->path, path, size);
	if (mailbox_link_device(m, 0) == NULL)
		mailbox_disconnect(&m);
	return m;
}

void
mailbox_disconnect(struct mailbox **m)
{
	struct mailbox *old = *m;

	*m = NULL;
	if (old == NULL)
		return;
	for (unsigned i = 0; i < WIRE_HELPERS_MAX; i++)
		if (old->devices[i] != NULL)
			device_close(&old->devices[i]);
	free(old);
}

struct device *
mailbox_link_device(struct mailbox *m, unsigned n)
{
	char path[512], name[32];

	if (m->devices[n] != NULL)
		return m->devices[n];
	snprintf(name, sizeof(name), n == 0 ? "mailbox" : "mailbox.%u", n);
	snprintf(path, sizeof(path), n == 0 ? "%s" : "%s.%u", m->path, n);
	m->devices[n] = device_open(name, path, m->limit);
	if (m->devices[n] == NULL)
		log_error("device.failed", log_text("device", name),
		    log_errno(errno));
	return m->devices[n];
}

/* FNV-1a. */
static atomic_uchar *
route_of(const char *name)
{
	uint32_t hash = 2166136261u;

	for (; *name != '\0'; name++)
		hash = (hash ^ (unsigned char)*name) * 16777619u;
	return &routes[(hash ^ hash >> 18) % ROUTES];
}

unsigned
mailbox_link_guess(struct mailbox *m, const char *name)
{
	unsigned n;

	n = atomic_load_explicit(route_of(name), memory_order_relaxed);
	return m->devices[n] != NULL && device_connected(m->devices[n]) ? n : 0;
}

void
mailbox_link_learn(const char *name, unsigned n)
{
	atomic_store_explicit(
	    route_of(name), (unsigned char)n, memory_order_relaxed);
}

int
mailbox_link_status(struct device *d, struct packet *reply, unsigned *helper)
{
	int result = MAILBOX_TEMPORARY;

	switch (reply->head.status) {
	case PACKET_OK:
		return MAILBOX_OK;
	case PACKET_REFUSED:
		result = packet_get_u8(reply);
		if (result == MAILBOX_OK || result >= MAILBOX_TEMPORARY)
			reply->error = EBADMSG;
		break;
	case PACKET_TEMPORARY:
		break;
	case PACKET_GONE:
		result = MAILBOX_LINK_GONE;
		break;
	case PACKET_ELSEWHERE:
		result = MAILBOX_LINK_ELSEWHERE;
		*helper = packet_get_u8(reply);
		if (*helper >= WIRE_HELPERS_MAX)
			reply->error = EBADMSG;
		break;
	}
	if (packet_end(reply) == 0)
		return result;
	device_malformed(d, reply->head.type);
	return MAILBOX_TEMPORARY;
}

int
mailbox_link_ask(struct device *d, struct packet *request, struct packet *reply,
    int flags, int64_t deadline)
{
	unsigned helper;
	int result = device_call(d, request, reply, flags, deadline);

	if (result == -1)
		log_info("mailbox.failed", log_int("type", request->head.type),
		    log_errno(errno));
	packet_free(request);
	if (result == -1)
		return MAILBOX_TEMPORARY;
	result = mailbox_link_status(d, reply, &helper);
	return result == MAILBOX_LINK_ELSEWHERE ? MAILBOX_TEMPORARY : result;
}

enum mailbox_result
mailbox_link_end(struct device *d, struct packet *reply)
{
	if (packet_end(reply) == 0)
		return MAILBOX_OK;
	device_malformed(d, reply->head.type);
	return MAILBOX_TEMPORARY;
}
