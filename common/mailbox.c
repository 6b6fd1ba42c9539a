#include "mailbox.h"

#include "catalog.h"
#include "clock.h"
#include "device.h"
#include "fiber.h"
#include "mailbox_link.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXPUNGE_OCTETS 49152
#define CLOSE_TIMEOUT  CLOCK_SECOND

/*
 * Opens with a ticket, or with the resume token where the session comes back.
 * A ticket is taken once; but where the helper died before it came to that,
 * both ticket and request may wait for its successor.
 */
static enum mailbox_result
open_with(struct mailbox_session *s, const void *proof, size_t length,
    int is_resumed, int64_t deadline)
{
	struct packet request, reply;
	struct mailbox_session opened = {.device = s->device, .catalog = -1};
	const void *resume;
	size_t resume_length;
	int result;

	packet_init(&request, WIRE_OPEN);
	packet_init(&reply, 0);
	packet_put_data(&request, proof, length);
	result = mailbox_link_ask(
	    s->device, &request, &reply, DEVICE_REPEAT, deadline);
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
		result = mailbox_link_end(s->device, &reply);
		if (result == MAILBOX_OK)
			*s = opened;
		else if (opened.catalog != -1)
			close(opened.catalog);
	} else if (result == MAILBOX_LINK_GONE) {
		result = MAILBOX_TEMPORARY;
	}
	packet_free(&reply);
	return result;
}

enum mailbox_result
mailbox_open(struct mailbox *m, const unsigned char ticket[WIRE_TICKET_SIZE],
    struct mailbox_session *s, int64_t deadline)
{
	struct device *d = NULL;

	/* Accounts has told the helper that has the mailbox, and says which. */
	if (ticket[0] < WIRE_HELPERS_MAX)
		d = mailbox_link_device(m, ticket[0]);
	*s = (struct mailbox_session){.device = d, .catalog = -1};
	if (d == NULL)
		return MAILBOX_TEMPORARY;
	return open_with(s, ticket, WIRE_TICKET_SIZE, 0, deadline);
}

/* Comes back after the helper did; the snapshot stays that of the login. */
static enum mailbox_result
resume_session(struct mailbox_session *s, int64_t deadline)
{
	struct mailbox_session old = *s;
	enum mailbox_result result =
	    open_with(s, old.resume, old.resume_length, 1, deadline);

	s->count = old.count;
	s->octets = old.octets;
	s->row = old.row;
	s->catalog = old.catalog;
	s->has_removed = old.has_removed;
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
	(void)mailbox_link_ask(s->device, &request, &reply, 0, deadline);
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
	int result;
	int resumed = 0;

	mailbox_fetched_init(f);
	packet_init(&reply, 0);
	if (small && wanted[0].size <= MAILBOX_SMALL_MAX)
		(void)shelf_take(s->device, &f->place, deadline);
	for (;;) {
		put_fetch(&request, s, wanted, n, small, &f->place);
		result = mailbox_link_ask(
		    s->device, &request, &reply, DEVICE_REPEAT, deadline);
		if (result != MAILBOX_LINK_GONE || resumed++)
			break;
		if ((result = resume_session(s, deadline)) != MAILBOX_OK)
			break;
		packet_free(&reply);
	}
	if (result == MAILBOX_LINK_GONE)
		result = MAILBOX_TEMPORARY;
	else if (result == MAILBOX_OK)
		result = mailbox_fetched_read(f, n, &reply) == 0
			     ? MAILBOX_OK
			     : mailbox_link_end(s->device, &reply);
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

	for (i = 0; i < n && i < WIRE_EXPUNGE_MAX; i++) {
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
	int result;
	int resumed = 0;

	packet_init(&reply, 0);
	for (;;) {
		packet_init(&request, WIRE_EXPUNGE);
		packet_put_u32(&request, s->handle);
		packet_put_u32(&request, n);
		for (uint32_t i = 0; i < n; i++)
			packet_put_text(&request, files[i]);
		result = mailbox_link_ask(
		    s->device, &request, &reply, DEVICE_REPEAT, deadline);
		if (result != MAILBOX_LINK_GONE || resumed++)
			break;
		if ((result = resume_session(s, deadline)) != MAILBOX_OK)
			break;
		packet_free(&reply);
	}
	if (result == MAILBOX_LINK_GONE)
		result = MAILBOX_TEMPORARY;
	else if (result == MAILBOX_OK)
		result = mailbox_link_end(s->device, &reply);
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
		s->has_removed = 1;
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
	packet_init(&request, s->has_removed ? WIRE_CLOSE : WIRE_LEAVE);
	packet_init(&reply, 0);
	packet_put_u32(&request, s->handle);
	if (s->has_removed || device_tell(s->device, &request) == -1) {
		request.head.type = WIRE_CLOSE;
		fiber_shield(1);
		(void)device_call(
		    s->device, &request, &reply, 0, clock_after(CLOSE_TIMEOUT));
		fiber_shield(0);
	}
	packet_free(&request);
	packet_free(&reply);
	if (s->catalog != -1)
		close(s->catalog);
	explicit_bzero(s, sizeof(*s));
	s->catalog = -1;
}
