/*
 * stack -- memory for fibers: a cache a worker that grows with use and shrinks
 * at regular times by what was left over in between.
 *
 * Each stack has a guard at its low end, so that an overflow ends in SIGSEGV
 * and not in another fiber's memory.  Where the kernel has lightweight guards
 * (Linux 6.13) all stacks share one mapping; 50,000 of them would pass the
 * limit on mappings otherwise.
 */
#ifndef STACK_H
#define STACK_H

#include <stddef.h>

struct stack {
	struct stack *next;
	void *bottom; /* the lowest usable octet, above the guard */
	size_t size;  /* usable octets, this head at their top not counted */
	unsigned valgrind_id;
	int idle; /* in a cache: must not be given back again */
};

struct stack_cache {
	struct stack *free;
	size_t idle;	 /* stacks in free */
	size_t idle_low; /* the least of idle since the last stack_shrink */
};

/*
 * The usable octets of stacks made from now on; see fiber_set_stack_size.
 */
void stack_set_size(size_t size);

/* A stack from the cache, or a new one; NULL with errno ENOMEM. */
struct stack *stack_get(struct stack_cache *c);

/* Gives a stack back.  Nobody may stand on it any more. */
void stack_put(struct stack_cache *c, struct stack *s);

/*
 * Gives the memory below sp back to the system: what a fiber that has been
 * parked there for long does not use.  Its stack stays.
 */
void stack_trim(struct stack *s, void *sp);

/* Whether address lies in the guard below s: it was overflowed. */
int stack_is_guard(const struct stack *s, const void *address);

/*
 * How many mappings each stack takes: 1, or 2 where the kernel has no
 * lightweight guards.  Then vm.max_map_count bounds the count of fibers.
 */
unsigned stack_mappings(void);

/* Frees half of what nobody needed since the last call, or all of it. */
void stack_shrink(struct stack_cache *c, int all);

#endif
