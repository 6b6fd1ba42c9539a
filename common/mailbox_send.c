#include "mailbox.h"

#include "clock.h"
#include "device.h"
#include "fiber.h"
#include "log.h"
#include "mailbox_link.h"

#include <errno.h>
#include <string.h>

/* How long a message may take that is to be taken back. */
#define RETRACT_TIME (5 * CLOCK_SECOND)

/* Where a recipient stands. */
struct way {
	unsigned char helper; /* that may have the mailbox */
	unsigned char result; /* enum mailbox_result, where it is settled */
	unsigned char is_settled;
	unsigned char may_have; /* some helper may have placed the message: */
	unsigned char at;	/* this one */
};

/* A request about mailboxes, which may be several helpers'. */
struct sending {
	struct mailbox *mailbox;
	const struct mailbox_delivery *m;
	int64_t deadline;
	int again; /* one may have been carried out, and was not answered */
	unsigned failed;
	struct way ways[MAILBOX_BOXES_MAX];
	uint16_t group[WIRE_TARGETS_MAX]; /* of the request under way */
	unsigned count;			  /* of the group */
};

enum mailbox_result
mailbox_spool(
    struct mailbox *mailbox, const char *name, int *fd, int64_t deadline)
{
	struct packet request, reply;
	unsigned helper = mailbox_link_guess(mailbox, name), asked;
	struct device *d;
	int result = MAILBOX_LINK_ELSEWHERE;

	*fd = -1;
	packet_init(&reply, 0);
	for (int i = 0; i < MAILBOX_LINK_HOPS; i++) {
		if ((d = mailbox_link_device(mailbox, helper)) == NULL)
			break;
		asked = helper;
		packet_init(&request, WIRE_SPOOL);
		packet_put_text(&request, name);
		result = device_call(d, &request, &reply,
		    asked == 0 ? DEVICE_REPEAT : DEVICE_BRIEF, deadline);
		packet_free(&request);
		if (result == 0) {
			result = mailbox_link_status(d, &reply, &helper);
		} else if (errno == ECONNRESET && asked != 0) {
			result = MAILBOX_LINK_ELSEWHERE;
			helper = 0;
		}
		if (result != MAILBOX_LINK_ELSEWHERE)
			break;
		mailbox_link_learn(name, helper);
		packet_free(&reply);
	}
	if (result == MAILBOX_OK) {
		if (reply.fd == -1)
			reply.error = EBADMSG;
		if ((result = mailbox_link_end(d, &reply)) == MAILBOX_OK)
			*fd = packet_take_fd(&reply);
	}
	packet_free(&reply);
	return result >= 0 && result < MAILBOX_RESULTS
		   ? (enum mailbox_result)result
		   : MAILBOX_TEMPORARY;
}

/* The head of a delivery, and of what takes it back. */
static void
put_head(struct packet *request, const struct sending *s)
{
	const struct mailbox_delivery *m = s->m;
	uint8_t flags = 0;

	packet_put_u64(request, m->trace);
	packet_put_u64(request, (uint64_t)m->received);
	packet_put_u64(request, m->size);
	packet_put_u64(request, m->lines);
	if (s->again)
		flags |= WIRE_DELIVER_AGAIN;
	if (m->wire)
		flags |= WIRE_DELIVER_WIRE;
	if (m->each)
		flags |= WIRE_DELIVER_EACH;
	if (s->count < m->count)
		flags |= WIRE_DELIVER_PART;
	packet_put_u8(request, flags);
}

static void
put_names(struct packet *request, const struct sending *s)
{
	packet_put_u32(request, s->count);
	for (unsigned i = 0; i < s->count; i++)
		packet_put_text(request, s->m->names[s->group[i]]);
}

static void
put_delivery(struct packet *request, const struct sending *s)
{
	const struct mailbox_delivery *m = s->m;

	packet_init(request, WIRE_DELIVER);
	put_head(request, s);
	put_names(request, s);
	if (m->size <= WIRE_INLINE_MAX) {
		packet_put_data(request, m->body, m->size);
	} else {
		packet_put_data(request, NULL, 0);
		request->fd = m->spool;
	}
}

static void
put_room(struct packet *request, const struct sending *s)
{
	packet_init(request, WIRE_ROOM);
	packet_put_u64(request, s->m->size);
	put_names(request, s);
}

static void
settle(struct sending *s, unsigned i, enum mailbox_result result)
{
	s->ways[i].is_settled = 1;
	s->ways[i].result = (unsigned char)result;
	s->failed += result != MAILBOX_OK;
}

static void
settle_group(struct sending *s, enum mailbox_result result)
{
	for (unsigned i = 0; i < s->count; i++)
		settle(s, s->group[i], result);
}

/* Asks one helper for the group.  0 with its reply, or -1 with errno: of number
 * 0 alone, ECONNRESET is tried again. */
static int
call(struct sending *s, struct device *d, unsigned helper,
    void (*put)(struct packet *request, const struct sending *s),
    struct packet *reply)
{
	struct packet request;
	int failed = -1, error = 0;

	/* No DEVICE_REPEAT: the helper is told when it may have done it. */
	for (int i = 0; failed == -1 && i <= DEVICE_REPEATS; i++) {
		put(&request, s);
		failed = device_call(d, &request, reply,
		    helper == 0 ? 0 : DEVICE_BRIEF, s->deadline);
		error = errno;
		packet_take_fd(&request); /* it stays the caller's */
		packet_free(&request);
		if (failed == -1 && error != ECONNRESET)
			break;
		s->again |= failed == -1;
		if (helper != 0)
			break;
	}
	if (failed == 0)
		return 0;
	log_info("mailbox.failed", log_int("type", request.head.type),
	    log_id("trace", s->m->trace), log_errno(error));
	errno = error;
	return -1;
}

/*
 * Reads the fields of an OK: for each of the group a result, or which helper
 * has the mailbox.
 */
static void
read_results(struct sending *s, struct device *d, struct packet *reply)
{
	unsigned char octets[WIRE_TARGETS_MAX] = {0};
	const unsigned char *data;
	unsigned moved = 0, refused = 0;
	size_t length;

	data = packet_get_data(reply, s->count, &length);
	if (length != s->count)
		reply->error = EBADMSG;
	for (size_t i = 0; reply->error == 0 && i < length; i++) {
		octets[i] = data[i];
		if ((octets[i] & WIRE_DELIVER_MOVED) != 0
			? (octets[i] ^ WIRE_DELIVER_MOVED) >= WIRE_HELPERS_MAX
			: octets[i] >= MAILBOX_RESULTS)
			reply->error = EBADMSG;
		moved += (octets[i] & WIRE_DELIVER_MOVED) != 0;
		refused += octets[i] > 0 && octets[i] < MAILBOX_RESULTS;
	}
	if (mailbox_link_end(d, reply) != MAILBOX_OK) {
		settle_group(s, MAILBOX_TEMPORARY);
		return;
	}
	for (size_t i = 0; i < length; i++) {
		struct way *w = &s->ways[s->group[i]];

		if (octets[i] & WIRE_DELIVER_MOVED) {
			w->helper = octets[i] ^ WIRE_DELIVER_MOVED;
			mailbox_link_learn(s->m->names[s->group[i]], w->helper);
		} else if (octets[i] != MAILBOX_OK || s->m->each ||
			   moved + refused == 0) {
			settle(s, s->group[i], octets[i]);
			w->may_have = octets[i] == MAILBOX_OK;
			w->at = w->helper;
		}
	}
}

/* The helper did not answer: it may be no more, or have done it. */
static void
note_silence(struct sending *s, unsigned helper, int error)
{
	for (unsigned i = 0; i < s->count; i++) {
		struct way *w = &s->ways[s->group[i]];

		w->may_have = 1;
		w->at = (unsigned char)helper;
		w->helper = 0;
		if (error != ECONNRESET || helper == 0)
			settle(s, s->group[i], MAILBOX_TEMPORARY);
	}
}

/* Sends the group to its helper, and notes what becomes of it. */
static void
send_group(struct sending *s, unsigned helper,
    void (*put)(struct packet *request, const struct sending *s))
{
	struct device *d = mailbox_link_device(s->mailbox, helper);
	struct packet reply;
	unsigned other;
	int result;

	packet_init(&reply, 0);
	if (d == NULL) {
		settle_group(s, MAILBOX_TEMPORARY);
	} else if (call(s, d, helper, put, &reply) == -1) {
		note_silence(s, helper, errno);
	} else {
		result = mailbox_link_status(d, &reply, &other);
		if (result == MAILBOX_OK)
			read_results(s, d, &reply);
		else
			settle_group(s, result < MAILBOX_RESULTS
					    ? (enum mailbox_result)result
					    : MAILBOX_TEMPORARY);
	}
	packet_free(&reply);
}

/* Makes a group of the next recipients, from *at on, for which is(way, helper):
 * as many as a request may have. */
static unsigned
gather(struct sending *s, unsigned helper, unsigned *at,
    int (*is)(const struct way *w, unsigned helper))
{
	s->count = 0;
	for (; *at < s->m->count && s->count < WIRE_TARGETS_MAX; ++*at)
		if (is(&s->ways[*at], helper))
			s->group[s->count++] = (uint16_t)*at;
	return s->count;
}

static int
is_next(const struct way *w, unsigned helper)
{
	return !w->is_settled && w->helper == helper;
}

static int
may_have(const struct way *w, unsigned helper)
{
	return w->may_have && w->at == helper;
}

/* Asks one helper for its mailboxes. */
static void
send_to(struct sending *s, unsigned helper,
    void (*put)(struct packet *request, const struct sending *s))
{
	unsigned at = 0;

	while ((s->failed == 0 || s->m->each) &&
	       gather(s, helper, &at, is_next) > 0)
		send_group(s, helper, put);
}

/* Asks each helper for its mailboxes, and follows those that others have.
 * Unless each stands for itself, the first failure ends it. */
static void
send_all(struct sending *s,
    void (*put)(struct packet *request, const struct sending *s))
{
	unsigned hop, k, left = 1;

	for (hop = 0; hop < MAILBOX_LINK_HOPS && left > 0; hop++) {
		left = 0;
		for (k = 0; k < WIRE_HELPERS_MAX; k++) {
			if (s->failed > 0 && !s->m->each)
				return;
			send_to(s, k, put);
		}
		for (k = 0; k < s->m->count; k++)
			left += !s->ways[k].is_settled;
	}
	for (k = 0; k < s->m->count; k++)
		if (!s->ways[k].is_settled)
			settle(s, k, MAILBOX_TEMPORARY);
}

static void
begin(struct sending *s, struct mailbox *mailbox,
    const struct mailbox_delivery *m, int64_t deadline)
{
	*s = (struct sending){.mailbox = mailbox, .m = m, .deadline = deadline};
	for (unsigned i = 0; i < m->count; i++)
		s->ways[i].helper =
		    (unsigned char)mailbox_link_guess(mailbox, m->names[i]);
}

/* Tells the results; the first that is not MAILBOX_OK. */
static enum mailbox_result
finish(const struct sending *s)
{
	enum mailbox_result result = MAILBOX_OK;

	for (unsigned i = 0; i < s->m->count; i++) {
		if (result == MAILBOX_OK)
			result = s->ways[i].result;
		if (s->m->results != NULL)
			s->m->results[i] = s->ways[i].result;
	}
	return result;
}

enum mailbox_result
mailbox_room(struct mailbox *mailbox, unsigned count,
    const char (*names)[WIRE_NAME_MAX], uint64_t size, int64_t deadline)
{
	const struct mailbox_delivery m = {
	    .count = count, .names = names, .size = size};
	struct sending s;

	begin(&s, mailbox, &m, deadline);
	send_all(&s, put_room);
	return finish(&s);
}

static void
put_retract(struct packet *request, const struct sending *s)
{
	packet_init(request, WIRE_RETRACT);
	put_head(request, s);
	put_names(request, s);
}

static void
retract_group(struct sending *s, unsigned helper)
{
	struct device *d = mailbox_link_device(s->mailbox, helper);
	struct packet reply;

	packet_init(&reply, 0);
	if (d == NULL || call(s, d, 0, put_retract, &reply) == -1 ||
	    reply.head.status != PACKET_OK ||
	    mailbox_link_end(d, &reply) != MAILBOX_OK)
		log_warn("mailbox.not_retracted", log_id("trace", s->m->trace),
		    log_int("helper", helper), log_int("count", s->count));
	packet_free(&reply);
}

/* Nobody is to have what not all can have. */
static void
retract(struct sending *s)
{
	unsigned k, at;

	s->deadline = clock_after(RETRACT_TIME);
	for (k = 0; k < WIRE_HELPERS_MAX; k++)
		for (at = 0; gather(s, k, &at, may_have) > 0;)
			retract_group(s, k);
}

enum mailbox_result
mailbox_deliver(
    struct mailbox *mailbox, const struct mailbox_delivery *m, int64_t deadline)
{
	struct sending s;

	begin(&s, mailbox, m, deadline);
	send_all(&s, put_delivery);
	if (s.failed > 0 && !m->each)
		retract(&s);
	return finish(&s);
}
