/* What Boost.Context takes for the same: the peer of fibers. */
#include "core.h"

#include <boost/context/fiber.hpp>
#include <boost/context/pooled_fixedsize_stack.hpp>

#include <ctime>
#include <cstdlib>

namespace context = boost::context;

enum { LIVES = 200000, SWITCHES = 1000000, STACK = 128 * 1024 };

static double
now()
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return static_cast<double>(t.tv_sec) * 1e9 +
	       static_cast<double>(t.tv_nsec);
}

double
boost_life(void)
{
	context::pooled_fixedsize_stack stacks(STACK);
	double start = now();
	int ran = 0;

	for (int i = 0; i < LIVES; i++) {
		context::fiber f(std::allocator_arg, stacks,
		    [&ran](context::fiber &&back) {
			    ran++;
			    return std::move(back);
		    });
		f = std::move(f).resume();
	}
	if (ran != LIVES)
		abort();
	return (now() - start) / LIVES;
}

double
boost_switch(void)
{
	context::fiber f([](context::fiber &&back) {
		for (int i = 0; i < SWITCHES; i++)
			back = std::move(back).resume();
		return std::move(back);
	});
	double start = now();

	while (f)
		f = std::move(f).resume();
	return (now() - start) / SWITCHES / 2;
}
