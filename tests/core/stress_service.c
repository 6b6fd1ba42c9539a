#include "stress.h"

#include "fiber.h"
#include "sanitize.h"

#include <errno.h>
#include <stdlib.h>

/* Where a note is; each step must come from the right place. */
enum place { WITH_SENDER, IN_PORT, WITH_SERVICE, ANSWERED };

struct note {
	struct message message; /* must stay first */
	_Atomic int place;
	int wants_answer;
	unsigned value; /* not atomic: the port's lock has to order it */
	int64_t due;	/* when the service answers */
};

enum { HELD = 16 };

struct service services[SERVICES];

static void
move(struct note *n, int from, int to)
{
	if (!atomic_compare_exchange_strong_explicit(
		&n->place, &from, to, RELAXED, RELAXED))
		fail("a note moves to %d from %d", to, from);
}

static struct note *
note_new(struct dice *d, int wants_answer)
{
	struct note *n = calloc(1, sizeof(*n));

	if (n == NULL)
		fail("no memory for a note");
	sanitize_atomic(&n->place, sizeof(n->place));
	n->wants_answer = wants_answer;
	n->value = dice_roll(d, 1000000);
	return n;
}

void
note_send(struct dice *d)
{
	struct service *s = &services[dice_roll(d, SERVICES)];
	struct note *n = note_new(d, 0);
	struct limit limit = limit_roll(d);
	int result;

	move(n, WITH_SENDER, IN_PORT);
	/* Before: the service may have it before we come back. */
	count_add(COUNT_SENT, 1);
	result = port_send(&s->port, &n->message, limit.deadline);
	check_wait("port_send", result, limit, EPIPE);
	if (result == 0)
		return;
	count_add(COUNT_SENT, -1);
	move(n, IN_PORT, WITH_SENDER);
	free(n);
}

void
note_call(struct dice *d)
{
	struct service *s = &services[dice_roll(d, SERVICES)];
	struct note *n = note_new(d, 1);
	struct limit limit = limit_roll(d);
	unsigned value = n->value;
	int result;

	move(n, WITH_SENDER, IN_PORT);
	result = port_call(&s->port, &n->message, limit.deadline);
	check_wait("port_call", result, limit, EPIPE);
	if (result == 0) {
		move(n, ANSWERED, WITH_SENDER);
		if (n->value != value + 1)
			fail("a call's answer is wrong");
		count_add(COUNT_CALLS, 1);
	} else {
		move(n, IN_PORT, WITH_SENDER);
		if (n->value != value)
			fail("a call that was taken back was touched");
		count_add(COUNT_RECALLED, 1);
	}
	free(n);
}

static void
answer(struct note *n)
{
	n->value++;
	count_add(COUNT_ANSWERED, 1);
	move(n, WITH_SERVICE, ANSWERED);
	if (port_reply(&n->message) == -1)
		fail("a reply port is closed");
}

/* Takes one note, and answers or holds it.  0 where there is none. */
static int
take(struct service *s, struct dice *d, struct note **held)
{
	struct note *n = (struct note *)(void *)port_receive(&s->port);
	int i;

	if (n == NULL)
		return 0;
	move(n, IN_PORT, WITH_SERVICE);
	if (!n->wants_answer) {
		count_add(COUNT_RECEIVED, 1);
		free(n);
		return 1;
	}
	for (i = 0; dice_roll(d, 3) > 0 && i < HELD; i++)
		if (held[i] == NULL) {
			n->due =
			    clock_after(dice_roll(d, 5) * CLOCK_MILLISECOND);
			held[i] = n;
			return 1;
		}
	answer(n);
	return 1;
}

/* Answers what is due, recalled, or all.  Returns when the next one is due. */
static int64_t
answer_held(struct note **held, int all)
{
	int64_t now = clock_now(), next = clock_after(late);
	int i;

	for (i = 0; i < HELD; i++) {
		if (held[i] == NULL)
			continue;
		if (all || held[i]->due <= now ||
		    port_recalled(&held[i]->message)) {
			answer(held[i]);
			held[i] = NULL;
		} else if (held[i]->due < next) {
			next = held[i]->due;
		}
	}
	return next;
}

void
service_init(struct service *s, int index)
{
	static const unsigned capacities[SERVICES] = {1, 2, 8, 64};

	s->index = index;
	ring_init(&s->ring);
	port_init(&s->port, &s->ring, capacities[index]);
}

void
service_main(void *service)
{
	struct service *s = service;
	struct note *held[HELD] = {NULL};
	struct dice d;
	int i;

	dice_init(&d, 1000000 + (uint64_t)s->index);
	count_add(COUNT_KEEPERS, 1);
	do {
		/* At times slower than its clients: the port fills up. */
		for (i = dice_roll(&d, 2) ? 1000 : 2; take(s, &d, held); i--)
			if (i == 0) {
				fiber_yield();
				i = 1000;
			}
	} while (ring_wait(&s->ring, answer_held(held, 0)) == 0 ||
		 errno == ETIMEDOUT);
	port_close(&s->port);
	while (take(s, &d, held))
		;
	answer_held(held, 1);
	count_add(COUNT_KEEPERS, -1);
}
