#include "switch.h"

#include <stdint.h>

#ifdef SWITCH_UCONTEXT

/* makecontext passes ints only, so the two pointers travel in halves. */
static void
start(unsigned entry_high, unsigned entry_low, unsigned arg_high,
    unsigned arg_low)
{
	uintptr_t entry = ((uintptr_t)entry_high << 32) | entry_low;
	uintptr_t arg = ((uintptr_t)arg_high << 32) | arg_low;

	((void (*)(void *))entry)((void *)arg);
	__builtin_unreachable();
}

void
switch_prepare(struct context *c, void *bottom, size_t size,
    void (*entry)(void *), void *arg)
{
	uint64_t e = (uintptr_t)entry, a = (uintptr_t)arg;

	getcontext(&c->state);
	c->state.uc_stack.ss_sp = bottom;
	c->state.uc_stack.ss_size = size;
	c->state.uc_link = NULL;
	makecontext(&c->state, (void (*)(void))start, 4, (unsigned)(e >> 32),
	    (unsigned)e, (unsigned)(a >> 32), (unsigned)a);
}

void
switch_context(struct context *from, struct context *to)
{
	swapcontext(&from->state, &to->state);
}

#else

/* In switch_ARCH.S: calls entry(arg). */
void switch_start(void);

/* What a switch finds at the saved sp, in words from there. */
#ifdef __x86_64__
/* Where to go on; then what switch_start takes.  It makes the call with a
 * stack pointer that is a multiple of 16. */
enum { FRAME = 3, RETURN = 0, ENTRY = 1, ARG = 2 };
#else
/* x19..x28, x29, x30, d8..d15. */
enum { FRAME = 20, ARG = 0, ENTRY = 1, RETURN = 11 };
#endif

void
switch_prepare(struct context *c, void *bottom, size_t size,
    void (*entry)(void *), void *arg)
{
	uintptr_t top = ((uintptr_t)bottom + size) & ~(uintptr_t)15;
	uintptr_t *frame = (uintptr_t *)top - FRAME;
	int i;

	for (i = 0; i < FRAME; i++)
		frame[i] = 0;
	frame[ARG] = (uintptr_t)arg;
	frame[ENTRY] = (uintptr_t)entry;
	frame[RETURN] = (uintptr_t)switch_start;
	c->sp = frame;
}

#endif
