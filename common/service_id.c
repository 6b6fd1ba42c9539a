#include "service_id.h"

#include "clock.h"

#include <stdatomic.h>
#include <sys/random.h>

static struct {
	uint64_t seed;
	atomic_ullong count;
} own;

void
service_id_begin(void)
{
	/* Ids may be guessed: without randomness they are just less unlike. */
	if (getrandom(&own.seed, sizeof(own.seed), 0) != sizeof(own.seed))
		own.seed = (uint64_t)clock_now();
}

/* The splitmix64 finalizer: neighbouring counts give unlike ids. */
uint64_t
service_id_next(void)
{
	uint64_t z = own.seed + (atomic_fetch_add_explicit(
				     &own.count, 1, memory_order_relaxed) +
				    1) *
				    UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

unsigned long long
service_id_count(void)
{
	return atomic_load_explicit(&own.count, memory_order_relaxed);
}
