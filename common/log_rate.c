#include "log_rate.h"

#include "clock.h"

#include <stdatomic.h>
#include <string.h>

/* More than there are events; those without a slot have no limit. */
#define SLOTS ((size_t)1024)

struct slot {
	_Atomic(const char *) event;
	/* The second that is counted, and above it, shifted by 32, its lines.
	 */
	atomic_uint_fast64_t state;
	atomic_uint_fast64_t left_out;
};

static struct slot slots[SLOTS];
/* The second of the first line that was left out; 0: none was. */
static atomic_uint_fast32_t began;

/* Never 0, which stands for none. */
static uint32_t
second_of(int64_t now)
{
	return (uint32_t)(now / CLOCK_SECOND) + 1;
}

static size_t
hash(const char *text)
{
	uint32_t h = 2166136261U; /* FNV-1a */

	for (; *text != '\0'; text++)
		h = (h ^ (unsigned char)*text) * 16777619U;
	return h;
}

/* The event's slot; NULL: all are taken by others. */
static struct slot *
find(const char *event)
{
	size_t at = hash(event);

	for (size_t i = 0; i < SLOTS; i++, at++) {
		struct slot *s = &slots[at % SLOTS];
		const char *there = NULL;

		if (atomic_compare_exchange_strong(&s->event, &there, event) ||
		    there == event || strcmp(there, event) == 0)
			return s;
	}
	return NULL;
}

bool
log_rate_take(const char *event, int64_t rate, int64_t now)
{
	uint_fast64_t state, next;
	uint_fast32_t none = 0;
	struct slot *s;

	if (rate == 0 || (s = find(event)) == NULL)
		return true;
	state = atomic_load_explicit(&s->state, memory_order_relaxed);
	do {
		next = state + (UINT64_C(1) << 32);
		if ((uint32_t)state != second_of(now))
			next = (UINT64_C(1) << 32) | second_of(now);
		if (next >> 32 > (uint64_t)rate) {
			atomic_fetch_add(&s->left_out, 1);
			atomic_compare_exchange_strong(
			    &began, &none, second_of(now));
			return false;
		}
	} while (!atomic_compare_exchange_weak(&s->state, &state, next));
	return true;
}

bool
log_rate_is_due(int64_t now)
{
	uint_fast32_t second =
	    atomic_load_explicit(&began, memory_order_relaxed);

	return second != 0 && second != second_of(now) &&
	       atomic_compare_exchange_strong(&began, &second, 0);
}

bool
log_rate_next(size_t *at, struct log_rate_left *left)
{
	while (*at < SLOTS) {
		struct slot *s = &slots[(*at)++];

		left->count = atomic_exchange(&s->left_out, 0);
		left->event = atomic_load(&s->event);
		if (left->count > 0)
			return true;
	}
	return false;
}
