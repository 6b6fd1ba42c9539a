#include "stack.h"

#include "log.h"
#include "meter.h"
#include "sanitize.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

enum {
	SIZE_DEFAULT = 128 * 1024,
	SIZE_LEAST = 16 * 1024,
	SIZE_MOST = 8 * 1024 * 1024
};

static _Atomic size_t stack_size = SIZE_DEFAULT;

static size_t
page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

void
stack_set_size(size_t size)
{
	size_t page = page_size();

	if (size < SIZE_LEAST)
		size = SIZE_LEAST;
	if (size > SIZE_MOST)
		size = SIZE_MOST;
	stack_size = (size + page - 1) / page * page;
}

/* A guard of one page; without any, an overflow would be silent. */
static int
guard(void *low, size_t page)
{
	if (madvise(low, page, MADV_GUARD_INSTALL) == 0)
		return 0;
	return mprotect(low, page, PROT_NONE);
}

static struct stack *
make(void)
{
	size_t page = page_size(), size = stack_size;
	char *low;
	struct stack *s;

	low = mmap(NULL, size + page, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
	if (low == MAP_FAILED) {
		errno = ENOMEM;
		return NULL;
	}
	/* A huge page behind a stack would cost what 500 clients may. */
	madvise(low, size + page, MADV_NOHUGEPAGE);
	if (guard(low, page) == -1) {
		munmap(low, size + page);
		errno = ENOMEM;
		return NULL;
	}
	s = (struct stack *)(void *)(low + page + size - sizeof(*s));
	s->bottom = low + page;
	s->size = size - sizeof(*s);
	s->valgrind_id = sanitize_stack_register(s->bottom, s->size);
	meter_add(METER_STACKS, 1);
	return s;
}

static void
destroy(struct stack *s)
{
	size_t page = page_size();

	sanitize_stack_deregister(s->valgrind_id);
	meter_sub(METER_STACKS, 1);
	munmap((char *)s->bottom - page, s->size + sizeof(*s) + page);
}

struct stack *
stack_get(struct stack_cache *c)
{
	struct stack *s = c->free;

	if (s == NULL)
		return make();
	s->idle = 0;
	c->free = s->next;
	c->idle--;
	meter_sub(METER_STACKS_IDLE, 1);
	if (c->idle < c->idle_low)
		c->idle_low = c->idle;
	return s;
}

void
stack_put(struct stack_cache *c, struct stack *s)
{
	if (s->idle)
		panic("a stack was given back twice");
	s->idle = 1;
	sanitize_stack_reuse(s->bottom, s->size);
	s->next = c->free;
	c->free = s;
	c->idle++;
	meter_add(METER_STACKS_IDLE, 1);
}

void
stack_trim(struct stack *s, void *sp)
{
	size_t page = page_size();
	uintptr_t low = (uintptr_t)s->bottom;
	uintptr_t end = (uintptr_t)sp / page * page;

	/* The x86-64 red zone lies below sp, but no parked fiber is a leaf. */
	if (end > low)
		madvise(s->bottom, end - low, MADV_DONTNEED);
}

int
stack_is_guard(const struct stack *s, const void *address)
{
	uintptr_t low = (uintptr_t)s->bottom, at = (uintptr_t)address;

	return at < low && at >= low - page_size();
}

unsigned
stack_mappings(void)
{
	size_t page = page_size();
	void *low = mmap(NULL, page, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int light;

	if (low == MAP_FAILED)
		return 2;
	light = madvise(low, page, MADV_GUARD_INSTALL) == 0;
	munmap(low, page);
	return light ? 1 : 2;
}

void
stack_shrink(struct stack_cache *c, int all)
{
	size_t surplus = all ? c->idle : (c->idle_low + 1) / 2;

	while (surplus-- > 0 && c->free != NULL) {
		struct stack *s = c->free;

		c->free = s->next;
		c->idle--;
		meter_sub(METER_STACKS_IDLE, 1);
		destroy(s);
	}
	c->idle_low = c->idle;
}
