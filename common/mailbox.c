#include "mailbox.h"

#include "catalog.h"
#include "clock.h"
#include "device.h"
#include "fiber.h"
#include "log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXPUNGE_NAMES  200
#define EXPUNGE_OCTETS 49152
#define CLOSE_TIMEOUT  CLOCK_SECOND

/* What ask says, to this file alone, of a handle that the helper forgot. */
#define GONE MAILBOX_RESULTS

/* Reads the status: MAILBOX_OK leaves the fields in reply. */
static enum mailbox_result
read_status(struct device *d, struct packet *reply)
{
	enum mailbox_result result = MAILBOX_TEMPORARY;

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
		result = GONE;
		break;
	}
	if (packet_end(reply) == 0)
		return result;
	device_malformed(d, reply->head.type);
	return MAILBOX_TEMPORARY;
}

/* Asks, frees the request, and reads the status. */
static enum mailbox_result
ask(struct device *d, struct packet *request, struct packet *reply, int flags,
    int64_t deadline)
{
	int result = device_call(d, request, reply, flags, deadline);

	if (result == -1)
		log_info("mailbox.failed", log_int("type", request->head.type),
		    log_errno(errno));
	packet_free(request);
	return result == 0 ? read_status(d, reply) : MAILBOX_TEMPORARY;
}

/* The fields of an OK were read: were they all, and no more? */
static enum mailbox_result
end(struct device *d, struct packet *reply)
{
	if (packet_end(reply) == 0)
		return MAILBOX_OK;
	device_malformed(d, reply->head.type);
	return MAILBOX_TEMPORARY;
}

/* Likewise, where the answer is one descriptor: *fd. */
static enum mailbox_result
end_with_fd(struct device *d, struct packet *reply, int *fd)
{
	if (reply->fd == -1)
		reply->error = EBADMSG;
	if (end(d, reply) != MAILBOX_OK)
		return MAILBOX_TEMPORARY;
	*fd = packet_take_fd(reply);
	return MAILBOX_OK;
}

enum mailbox_result
mailbox_spool(struct device *d, const char *name, int *fd, int64_t deadline)
{
	struct packet request, reply;
	enum mailbox_result result;

	*fd = -1;
	packet_init(&request, WIRE_SPOOL);
	packet_init(&reply, 0);
	packet_put_text(&request, name);
	result = ask(d, &request, &reply, DEVICE_REPEAT, deadline);
	if (result == MAILBOX_OK)
		result = end_with_fd(d, &reply, fd);
	else if (result == GONE)
		result = MAILBOX_TEMPORARY;
	packet_free(&reply);
	return result;
}

enum mailbox_result
mailbox_room(struct device *d, unsigned count,
    const char (*names)[WIRE_NAME_MAX], uint64_t size, int64_t deadline)
{
	struct packet request, reply;
	enum mailbox_result result;

	packet_init(&request, WIRE_ROOM);
	packet_init(&reply, 0);
	packet_put_u64(&request, size);
	packet_put_u32(&request, count);
	for (unsigned i = 0; i < count; i++)
		packet_put_text(&request, names[i]);
	result = ask(d, &request, &reply, DEVICE_REPEAT, deadline);
	if (result == MAILBOX_OK)
		result = end(d, &reply);
	else if (result == GONE)
		result = MAILBOX_TEMPORARY;
	packet_free(&reply);
	return result;
}

static void
put_delivery(
    struct packet *request, const struct mailbox_delivery *m, int again)
{
	uint8_t flags = 0;

	packet_init(request, WIRE_DELIVER);
	packet_put_u64(request, m->trace);
	packet_put_u64(request, (uint64_t)m->received);
	packet_put_u64(request, m->size);
	packet_put_u64(request, m->lines);
	if (again)
		flags |= WIRE_DELIVER_AGAIN;
	if (m->wire)
		flags |= WIRE_DELIVER_WIRE;
	if (m->each)
		flags |= WIRE_DELIVER_EACH;
	packet_put_u8(request, flags);
	packet_put_u32(request, m->count);
	for (unsigned i = 0; i < m->count; i++)
		packet_put_text(request, m->names[i]);
	if (m->size <= WIRE_INLINE_MAX) {
		packet_put_data(request, m->body, m->size);
	} else {
		packet_put_data(request, NULL, 0);
		request->fd = m->spool;
	}
}

/* All mailboxes of a delivery have this result. */
static enum mailbox_result
set_results(const struct mailbox_delivery *m, enum mailbox_result result)
{
	for (unsigned i = 0; m->results != NULL && i < m->count; i++)
		m->results[i] = result;
	return result;
}

/* Reads the fields of an OK: a result for each mailbox.  Returns the first that
 * is not MAILBOX_OK. */
static enum mailbox_result
read_results(
    struct device *d, struct packet *reply, const struct mailbox_delivery *m)
{
	enum mailbox_result result = MAILBOX_OK;
	const unsigned char *octets;
	size_t length;

	octets = packet_get_data(reply, m->count, &length);
	if (length != m->count)
		reply->error = EBADMSG;
	for (size_t i = 0; reply->error == 0 && i < length; i++) {
		if (octets[i] >= MAILBOX_RESULTS)
			reply->error = EBADMSG;
		if (m->results != NULL)
			m->results[i] = octets[i];
		if (result == MAILBOX_OK)
			result = octets[i];
	}
	if (end(d, reply) == MAILBOX_OK)
		return result;
	return set_results(m, MAILBOX_TEMPORARY);
}

enum mailbox_result
mailbox_deliver(
    struct device *d, const struct mailbox_delivery *m, int64_t deadline)
{
	struct packet request, reply;
	enum mailbox_result result;
	int failed, error = 0;

	packet_init(&reply, 0);
	/* No DEVICE_REPEAT: the helper is told when it may have done it. */
	for (int again = 0; again <= DEVICE_REPEATS; again++) {
		put_delivery(&request, m, again > 0);
		failed = device_call(d, &request, &reply, 0, deadline);
		error = errno;
		packet_take_fd(&request); /* it stays the caller's */
		packet_free(&request);
		if (failed == 0 || error != ECONNRESET)
			break;
	}
	if (failed == 0) {
		result = read_status(d, &reply);
		if (result == MAILBOX_OK)
			result = read_results(d, &reply, m);
		else
			result = set_results(
			    m, result == GONE ? MAILBOX_TEMPORARY : result);
	} else {
		log_info("mailbox.failed", log_int("type", WIRE_DELIVER),
		    log_id("trace", m->trace), log_errno(error));
		result = set_results(m, MAILBOX_TEMPORARY);
	}
	packet_free(&reply);
	return result;
}

/* Opens with a ticket (flags 0) or the resume token (DEVICE_REPEAT). */
static enum mailbox_result
open_with(struct mailbox_session *s, const void *proof, size_t length,
    int flags, int64_t deadline)
{
	struct packet request, reply;
	enum mailbox_result result;
	struct mailbox_session opened = {.device = s->device, .catalog = -1};
	int is_resumed = flags != 0;
	const void *resume;
	size_t resume_length;

	packet_init(&request, WIRE_OPEN);
	packet_init(&reply, 0);
	packet_put_data(&request, proof, length);
	result = ask(s->device, &request, &reply, flags, deadline);
	if (result == MAILBOX_OK) {
		opened.handle = packet_get_u32(&reply);
		resume =
		    packet_get_data(&reply, WIRE_RESUME_MAX, &resume_length);
		memcpy(opened.resume, resume, resume_length);
		opened.resume_length = (uint32_t)resume_length;
		opened.count = packet_get_u32(&reply);
		opened.octets = packet_get_u64(&reply);
		opened.row = packet_get_u32(&reply);
		opened.catalog = packet_take_fd(&reply);
		/* Who comes back has his own. */
		if (opened.catalog == -1
			? opened.count > 0 && !is_resumed
			: is_resumed || !catalog_is_row(opened.row))
			reply.error = EBADMSG;
		result = end(s->device, &reply);
		if (result == MAILBOX_OK)
			*s = opened;
		else if (opened.catalog != -1)
			close(opened.catalog);
	} else if (result == GONE) {
		result = MAILBOX_TEMPORARY;
	}
	packet_free(&reply);
	return result;
}

enum mailbox_result
mailbox_open(struct device *d, const unsigned char ticket[WIRE_TICKET_SIZE],
    struct mailbox_session *s, int64_t deadline)
{
	*s = (struct mailbox_session){.device = d, .catalog = -1};
	return open_with(s, ticket, WIRE_TICKET_SIZE, 0, deadline);
}

/* Comes back after the helper did; the snapshot stays that of the login. */
static enum mailbox_result
resume_session(struct mailbox_session *s, int64_t deadline)
{
	struct mailbox_session old = *s;
	enum mailbox_result result = open_with(
	    s, old.resume, old.resume_length, DEVICE_REPEAT, deadline);

	s->count = old.count;
	s->octets = old.octets;
	s->row = old.row;
	s->catalog = old.catalog;
	return result;
}

void
mailbox_damaged(struct mailbox_session *s, int64_t deadline)
{
	struct packet request, reply;

	packet_init(&request, WIRE_DAMAGED);
	packet_init(&reply, 0);
	packet_put_u32(&request, s->handle);
	/* Where the helper has started anew, the next session will tell it. */
	(void)ask(s->device, &request, &reply, 0, deadline);
	packet_free(&reply);
}

static void
put_fetch(struct packet *request, const struct mailbox_session *s,
    const struct mailbox_wanted *wanted, uint32_t n, int small,
    const struct shelf_place *place)
{
	packet_init(request, WIRE_FETCH);
	packet_put_u32(request, s->handle);
	packet_put_u8(request, small != 0);
	packet_put_u64(request, place->id);
	packet_put_u32(request, place->number);
	packet_put_u32(request, n);
	for (uint32_t i = 0; i < n; i++) {
		packet_put_text(request, wanted[i].file);
		packet_put_u64(request, wanted[i].size);
	}
}

enum mailbox_result
mailbox_fetch(struct mailbox_session *s, const struct mailbox_wanted *wanted,
    uint32_t n, int small, struct mailbox_fetched *f, int64_t deadline)
{
	struct packet request, reply;
	enum mailbox_result result;
	int resumed = 0;

	mailbox_fetched_init(f);
	packet_init(&reply, 0);
	if (small && wanted[0].size <= MAILBOX_SMALL_MAX)
		(void)shelf_take(s->device, &f->place, deadline);
	for (;;) {
		put_fetch(&request, s, wanted, n, small, &f->place);
		result =
		    ask(s->device, &request, &reply, DEVICE_REPEAT, deadline);
		if (result != GONE || resumed++)
			break;
		if ((result = resume_session(s, deadline)) != MAILBOX_OK)
			break;
		packet_free(&reply);
	}
	if (result == GONE)
		result = MAILBOX_TEMPORARY;
	else if (result == MAILBOX_OK)
		result = mailbox_fetched_read(f, n, &reply) == 0
			     ? MAILBOX_OK
			     : end(s->device, &reply);
	packet_free(&reply);
	if (result != MAILBOX_OK)
		mailbox_fetched_free(f);
	return result;
}

/* How many of n files one request takes. */
static uint32_t
page_of(const char *const *files, uint32_t n)
{
	size_t octets = 0;
	uint32_t i;

	for (i = 0; i < n && i < EXPUNGE_NAMES; i++) {
		octets += sizeof(uint32_t) + strlen(files[i]);
		if (i > 0 && octets > EXPUNGE_OCTETS)
			break;
	}
	return i;
}

static enum mailbox_result
expunge_page(struct mailbox_session *s, const char *const *files, uint32_t n,
    int64_t deadline)
{
	struct packet request, reply;
	enum mailbox_result result;
	int resumed = 0;

	packet_init(&reply, 0);
	for (;;) {
		packet_init(&request, WIRE_EXPUNGE);
		packet_put_u32(&request, s->handle);
		packet_put_u32(&request, n);
		for (uint32_t i = 0; i < n; i++)
			packet_put_text(&request, files[i]);
		result =
		    ask(s->device, &request, &reply, DEVICE_REPEAT, deadline);
		if (result != GONE || resumed++)
			break;
		if ((result = resume_session(s, deadline)) != MAILBOX_OK)
			break;
		packet_free(&reply);
	}
	if (result == GONE)
		result = MAILBOX_TEMPORARY;
	else if (result == MAILBOX_OK)
		result = end(s->device, &reply);
	packet_free(&reply);
	return result;
}

enum mailbox_result
mailbox_expunge(struct mailbox_session *s, const char *const *files, uint32_t n,
    int64_t deadline)
{
	enum mailbox_result result = MAILBOX_OK;
	uint32_t page;

	for (; n > 0 && result == MAILBOX_OK; files += page, n -= page) {
		page = page_of(files, n);
		result = expunge_page(s, files, page, deadline);
	}
	return result;
}

void
mailbox_close(struct mailbox_session *s)
{
	struct packet request, reply;

	if (s->device == NULL)
		return;
	if (s->catalog != -1)
		close(s->catalog);
	packet_init(&request, WIRE_CLOSE);
	packet_init(&reply, 0);
	packet_put_u32(&request, s->handle);
	fiber_shield(1);
	(void)device_call(
	    s->device, &request, &reply, 0, clock_after(CLOSE_TIMEOUT));
	fiber_shield(0);
	packet_free(&request);
	packet_free(&reply);
	explicit_bzero(s, sizeof(*s));
	s->catalog = -1;
}
