#include "clock.h"

#include <time.h>

static int64_t
read_clock(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * CLOCK_SECOND + t.tv_nsec;
}

int64_t
clock_now(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

int64_t
clock_wall(void)
{
	return read_clock(CLOCK_REALTIME);
}

int64_t
clock_after(int64_t ns)
{
	int64_t deadline;

	if (__builtin_add_overflow(clock_now(), ns, &deadline))
		return CLOCK_NEVER;
	return deadline;
}
