#include "delivery.h"

#include "clock.h"
#include "fiber.h"
#include "incoming.h"
#include "meter.h"
#include "session.h"
#include "settings.h"

#include <stdlib.h>
#include <string.h>

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

/* Hands it over to these mailboxes; unless each stands for itself, and where
 * that takes several requests, not before all have room for it: nobody is to
 * see a letter come and go. */
static enum mailbox_result
hand_over(struct smtp *s, unsigned count, const char (*names)[WIRE_NAME_MAX],
    int each, enum mailbox_result *results)
{
	const struct incoming *in = s->mail.in;
	const struct mailbox_delivery d = {
	    .trace = s->mail.trace,
	    .received = in->time,
	    .count = count,
	    .names = names,
	    .size = in->fields + in->sink.octets,
	    .lines = in->lines + in->sink.lines,
	    .wire = s->mail.crlf && in->sink.dots == 0,
	    .body = in->body.memory,
	    .spool = in->body.spool,
	    .each = each,
	    .results = results,
	};
	int64_t deadline = clock_after(s->conf->commit);
	enum mailbox_result result = MAILBOX_OK;

	if (!each && count > WIRE_TARGETS_MAX)
		result = mailbox_room(
		    s->devices->mailbox, count, names, d.size, deadline);
	if (result == MAILBOX_OK)
		result = mailbox_deliver(s->devices->mailbox, &d, deadline);
	return result;
}

/* Each mailbox stands for itself: those that it comes from get it no more. */
static void
deliver_each(struct smtp *s, enum mailbox_result *results)
{
	const struct transaction *t = &s->mail;
	enum mailbox_result *some = calloc(t->boxes, sizeof(*some));
	char(*names)[WIRE_NAME_MAX] = calloc(t->boxes, sizeof(*names));
	unsigned i, n = 0;

	for (i = 0; some != NULL && names != NULL && i < t->boxes; i++) {
		some[i] = MAILBOX_TEMPORARY;
		if (!loops(s, i))
			memcpy(names[n++], t->names[i], sizeof(*names));
	}
	if (n > 0)
		hand_over(s, n, (const char(*)[WIRE_NAME_MAX])names, 1, some);
	for (i = n = 0; some != NULL && names != NULL && i < t->boxes; i++)
		if (!loops(s, i))
			results[i] = some[n++];
	free(names);
	free(some);
}

/* All get it, or none: RFC 5321 4.1.1.4 has one reply for all. */
static void
deliver_all(struct smtp *s, enum mailbox_result *results)
{
	const struct transaction *t = &s->mail;
	enum mailbox_result result = hand_over(
	    s, t->boxes, (const char(*)[WIRE_NAME_MAX])t->names, 0, NULL);

	for (unsigned i = 0; i < t->boxes; i++)
		results[i] = result;
}

int
delivery_commit(struct smtp *s, int each)
{
	const struct transaction *t = &s->mail;
	enum mailbox_result *results = calloc(t->boxes, sizeof(*results));
	int64_t since = clock_now();
	int result;

	if (results == NULL)
		return MAILBOX_TEMPORARY;
	for (unsigned i = 0; i < t->boxes; i++)
		results[i] = MAILBOX_TEMPORARY;
	fiber_shield(1);
	if (each)
		deliver_each(s, results);
	else if (!has_loop(s))
		deliver_all(s, results);
	fiber_shield(0);
	result = give_results(s, results);
	if (result == MAILBOX_OK)
		meter_time(METER_COMMIT_TIME, clock_now() - since);
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
