#include "stress.h"

#include "fiber.h"
#include "sanitize.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int64_t late = 10 * CLOCK_SECOND;
uint64_t seed;

static _Atomic long counts[COUNTS];

void
fail(const char *format, ...)
{
	va_list args;

	flockfile(stdout);
	printf("FAIL seed %" PRIu64 ", fiber %s: ", seed, fiber_name());
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n0 passed, 1 failed\n");
	fflush(stdout);
	abort();
}

void
dice_init(struct dice *d, uint64_t actor)
{
	d->state = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15) ^
		   (actor + 1) * UINT64_C(0xd1342543de82ef95);
	if (d->state == 0)
		d->state = 1;
	dice_roll(d, 2);
}

/* xorshift64*, by Marsaglia and Vigna. */
unsigned
dice_roll(struct dice *d, unsigned below)
{
	d->state ^= d->state >> 12;
	d->state ^= d->state << 25;
	d->state ^= d->state >> 27;
	return (unsigned)((d->state * UINT64_C(0x2545f4914f6cdd1d)) >> 33) %
	       below;
}

struct limit
limit_roll(struct dice *d)
{
	switch (dice_roll(d, 4)) {
	case 0:
		return (struct limit){0, 0};
	case 1:
		return (struct limit){
		    clock_after(dice_roll(d, 3) * CLOCK_MILLISECOND / 2), 0};
	case 2:
		return (struct limit){
		    clock_after(dice_roll(d, 20) * CLOCK_MILLISECOND), 0};
	default:
		return (struct limit){clock_after(late), 1};
	}
}

void
check_wait(const char *what, int result, struct limit limit, int also)
{
	int error = result == -1 ? errno : 0;
	int64_t now = clock_now();

	if (now > limit.deadline && limit.deadline > 0 &&
	    now - limit.deadline > late)
		fail("%s: came back %" PRId64 " ms after its deadline", what,
		    (now - limit.deadline) / CLOCK_MILLISECOND);
	if (error == 0 || error == also)
		return;
	if (error == EAGAIN && limit.deadline == 0)
		return;
	if (error == ECANCELED && fiber_cancelled())
		return;
	if (error != ETIMEDOUT)
		fail("%s: %s", what, strerror(error));
	if (limit.patient)
		fail("%s: a wake-up was lost", what);
	if (now < limit.deadline)
		fail("%s: timed out too early", what);
}

void
count_add(enum count count, int n)
{
	sanitize_atomic(&counts[count], sizeof(counts[count]));
	atomic_fetch_add_explicit(&counts[count], n, RELAXED);
}

long
count_get(enum count count)
{
	return atomic_load_explicit(&counts[count], RELAXED);
}
