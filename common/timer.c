#include "timer.h"

#include "clock.h"
#include "log.h"

#include <stdlib.h>

enum { ARITY = 4 };

static void
place(struct timers *ts, size_t i, struct timer_slot slot)
{
	ts->heap[i] = slot;
	slot.timer->place = i + 1;
}

static void
sift_up(struct timers *ts, size_t i, struct timer_slot slot)
{
	while (i > 0) {
		size_t parent = (i - 1) / ARITY;

		if (ts->heap[parent].deadline <= slot.deadline)
			break;
		place(ts, i, ts->heap[parent]);
		i = parent;
	}
	place(ts, i, slot);
}

static void
sift_down(struct timers *ts, size_t i, struct timer_slot slot)
{
	for (;;) {
		size_t child = i * ARITY + 1, end = child + ARITY, least, c;

		if (child >= ts->count)
			break;
		if (end > ts->count)
			end = ts->count;
		for (least = child, c = child + 1; c < end; c++)
			if (ts->heap[c].deadline < ts->heap[least].deadline)
				least = c;
		if (slot.deadline <= ts->heap[least].deadline)
			break;
		place(ts, i, ts->heap[least]);
		i = least;
	}
	place(ts, i, slot);
}

int
timer_reserve(struct timers *ts, size_t count)
{
	size_t room = ts->room ? ts->room : 64;
	struct timer_slot *heap;

	if (count <= ts->room)
		return 0;
	while (room < count)
		room *= 2;
	if ((heap = reallocarray(ts->heap, room, sizeof(*heap))) == NULL)
		return -1;
	ts->heap = heap;
	ts->room = room;
	return 0;
}

void
timer_arm(struct timers *ts, struct timer *t, int64_t deadline)
{
	if (ts->count == ts->room)
		panic("a timer without room for it");
	sift_up(ts, ts->count++, (struct timer_slot){deadline, t});
}

void
timer_disarm(struct timers *ts, struct timer *t)
{
	struct timer_slot last;
	size_t i = t->place;

	if (i-- == 0)
		return;
	t->place = 0;
	last = ts->heap[--ts->count];
	if (i == ts->count)
		return;
	if (i > 0 && ts->heap[(i - 1) / ARITY].deadline > last.deadline)
		sift_up(ts, i, last);
	else
		sift_down(ts, i, last);
}

int64_t
timer_next(const struct timers *ts)
{
	return ts->count ? ts->heap[0].deadline : CLOCK_NEVER;
}

struct timer *
timer_expire(struct timers *ts, int64_t now)
{
	struct timer *t;

	if (ts->count == 0 || ts->heap[0].deadline > now)
		return NULL;
	t = ts->heap[0].timer;
	timer_disarm(ts, t);
	return t;
}

void
timer_free(struct timers *ts)
{
	free(ts->heap);
	*ts = (struct timers){0};
}
