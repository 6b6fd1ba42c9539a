#include "delivery.h"

#include "clock.h"
#include "fiber.h"
#include "incoming.h"
#include "session.h"
#include "settings.h"

#include <stdlib.h>

/* One request to the mailbox helper: WIRE_TARGETS_MAX mailboxes at most. */
static void
deliver_some(struct smtp *s, unsigned from, unsigned count, int each,
    enum mailbox_result *results, int64_t deadline)
{
	const struct incoming *in = s->mail.in;
	const struct mailbox_delivery d = {
	    .trace = s->mail.trace,
	    .received = in->time,
	    .count = count,
	    .names = (const char(*)[WIRE_NAME_MAX])s->mail.names + from,
	    .size = in->fields + in->sink.octets,
	    .lines = in->lines + in->sink.lines,
	    .wire = s->mail.crlf && in->sink.dots == 0,
	    .body = in->body.memory,
	    .spool = in->body.spool,
	    .each = each,
	    .results = results + from,
	};
	enum mailbox_result result;

	result = mailbox_deliver(s->devices->mailbox, &d, deadline);
	for (unsigned i = from; i < from + count && !each; i++)
		results[i] = result;
}

/* RFC 5321 6.3: a mailbox that had it before sees it again in a loop. */
static int
loops(const struct smtp *s, unsigned box)
{
	return sink_was_delivered_to(&s->mail.in->sink, s->mail.names[box]);
}

/* The worst of what a recipient's mailboxes say. */
static int
result_of(const struct smtp *s, const struct recipient *r,
    const enum mailbox_result *results)
{
	int result = MAILBOX_OK;

	for (unsigned i = 0; i < r->count; i++)
		if (loops(s, r->boxes[i]))
			return DELIVERY_LOOP;
		else if (results[r->boxes[i]] != MAILBOX_OK)
			result = (int)results[r->boxes[i]];
	return result;
}

static int
give_results(struct smtp *s, const enum mailbox_result *results)
{
	int all = MAILBOX_OK;

	for (unsigned i = 0; i < s->mail.recipients; i++) {
		struct recipient *r = &s->mail.list[i];

		r->result = result_of(s, r, results);
		if (r->result != MAILBOX_OK)
			all = r->result;
	}
	return all;
}

static int
has_loop(const struct smtp *s)
{
	for (unsigned i = 0; i < s->mail.boxes; i++)
		if (loops(s, i))
			return 1;
	return 0;
}

/*
 * Where a later request of several fails, those before it are delivered, and
 * the client, which is told to try again, sends them once more: RFC 5321 4.5.5
 * prefers that to a loss.
 */
static void
deliver_all(struct smtp *s, int each, enum mailbox_result *results)
{
	const struct transaction *t = &s->mail;
	int64_t deadline = clock_after(s->conf->commit);
	int is_looping = has_loop(s);
	unsigned most = is_looping ? 1 : WIRE_TARGETS_MAX, n;

	if (is_looping && !each)
		return;
	for (unsigned i = 0; i < t->boxes; i += n) {
		n = t->boxes - i < most ? t->boxes - i : most;
		if (!is_looping || !loops(s, i))
			deliver_some(s, i, n, each, results, deadline);
	}
}

int
delivery_commit(struct smtp *s, int each)
{
	const struct transaction *t = &s->mail;
	enum mailbox_result *results = calloc(t->boxes, sizeof(*results));
	int result;

	if (results == NULL)
		return MAILBOX_TEMPORARY;
	for (unsigned i = 0; i < t->boxes; i++)
		results[i] = MAILBOX_TEMPORARY;
	fiber_shield(1);
	deliver_all(s, each, results);
	fiber_shield(0);
	result = give_results(s, results);
	free(results);
	return has_loop(s) && !each ? DELIVERY_LOOP : result;
}

const char *
delivery_reply(int result)
{
	switch (result) {
	case MAILBOX_OK:
		return NULL;
	case MAILBOX_FULL:
		return "452 4.2.2 Mailbox full";
	case DELIVERY_LOOP:
		return "554 5.4.6 Delivered there before: a mail loop";
	default:
		return "451 4.3.0 Try again later";
	}
}
