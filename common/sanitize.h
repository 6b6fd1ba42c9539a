/*
 * sanitize -- tells ASan, TSan and Valgrind of each fiber's stack.  Empty in
 * plain builds, save Valgrind's requests, which cost a few no-ops.  Helgrind
 * knows no atomics: a build of its own (-DSANITIZE_HELGRIND) tells it of each.
 */
#ifndef SANITIZE_H
#define SANITIZE_H

#include <stddef.h>

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZE_ASAN
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZE_ASAN
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define SANITIZE_TSAN
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SANITIZE_TSAN
#endif
#endif

#ifdef SANITIZE_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef SANITIZE_TSAN
#include <sanitizer/tsan_interface.h>
#endif
#if defined(__has_include)
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#endif
#endif

#ifdef SANITIZE_HELGRIND
#include <valgrind/helgrind.h>
#endif

/* What the sanitizers keep for each context. */
struct sanitize {
	void *fake_stack;
	const void *bottom;
	size_t size;
	void *tsan;
};

static inline unsigned
sanitize_stack_register(void *bottom, size_t size)
{
#ifdef VALGRIND_STACK_REGISTER
	return VALGRIND_STACK_REGISTER(bottom, (char *)bottom + size);
#else
	(void)bottom;
	(void)size;
	return 0;
#endif
}

static inline void
sanitize_stack_deregister(unsigned id)
{
#ifdef VALGRIND_STACK_DEREGISTER
	VALGRIND_STACK_DEREGISTER(id);
#endif
	(void)id;
}

/* The frames of a fiber that ended are dead, though it never returned. */
static inline void
sanitize_stack_reuse(void *bottom, size_t size)
{
#ifdef SANITIZE_ASAN
	__asan_unpoison_memory_region(bottom, size);
#endif
	(void)bottom;
	(void)size;
}

static inline void
sanitize_create(struct sanitize *s, void *bottom, size_t size)
{
	s->fake_stack = NULL;
	s->bottom = bottom;
	s->size = size;
	s->tsan = NULL;
#ifdef SANITIZE_TSAN
	s->tsan = __tsan_create_fiber(0);
#endif
}

/* The context that a kernel thread came with. */
static inline void
sanitize_adopt(struct sanitize *s)
{
	*s = (struct sanitize){NULL, NULL, 0, NULL};
#ifdef SANITIZE_TSAN
	s->tsan = __tsan_get_current_fiber();
#endif
}

static inline void
sanitize_destroy(struct sanitize *s)
{
#ifdef SANITIZE_TSAN
	__tsan_destroy_fiber(s->tsan);
#endif
	(void)s;
}

/* Helgrind: whoever acquires at sees what was done before its release. */
static inline void
sanitize_release(const void *at)
{
#ifdef SANITIZE_HELGRIND
	ANNOTATE_HAPPENS_BEFORE(at);
#endif
	(void)at;
}

static inline void
sanitize_acquire(const void *at)
{
#ifdef SANITIZE_HELGRIND
	ANNOTATE_HAPPENS_AFTER(at);
#endif
	(void)at;
}

/* Helgrind: these octets are atomic, and so race with nothing. */
static inline void
sanitize_atomic(const volatile void *at, size_t size)
{
#ifdef SANITIZE_HELGRIND
	VALGRIND_HG_DISABLE_CHECKING(at, size);
#endif
	(void)at;
	(void)size;
}

/* Before the switch.  ending: from is never switched back to. */
static inline void
sanitize_leave(struct sanitize *from, struct sanitize *to, int ending)
{
#ifdef SANITIZE_ASAN
	__sanitizer_start_switch_fiber(
	    ending ? NULL : &from->fake_stack, to->bottom, to->size);
#endif
#ifdef SANITIZE_TSAN
	__tsan_switch_to_fiber(to->tsan, 0);
#endif
	(void)from;
	(void)to;
	(void)ending;
}

/* After it, on the new stack.  came_from may get its bounds filled in. */
static inline void
sanitize_enter(struct sanitize *self, struct sanitize *came_from)
{
#ifdef SANITIZE_ASAN
	__sanitizer_finish_switch_fiber(
	    self->fake_stack, &came_from->bottom, &came_from->size);
#endif
	(void)self;
	(void)came_from;
}

#endif
