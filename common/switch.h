/*
 * switch -- from one stack to another without a system call.
 *
 * Own assembly for x86-64 and aarch64, ucontext(3) elsewhere or where
 * SWITCH_UCONTEXT is defined.  Saves what the ABI wants a callee to keep; the
 * floating-point control words and the signal mask are the same for all fibers
 * and stay as they are.
 */
#ifndef SWITCH_H
#define SWITCH_H

#include <stddef.h>

#if !defined(SWITCH_UCONTEXT) && !defined(__x86_64__) && !defined(__aarch64__)
#define SWITCH_UCONTEXT
#endif

#ifdef SWITCH_UCONTEXT
#include <ucontext.h>
struct context {
	ucontext_t state;
};
#else
struct context {
	void *sp; /* what was saved lies here */
};
#endif

/*
 * Prepares c so that the first switch to it calls entry(arg) on the stack of
 * size octets at bottom.  entry never returns.
 */
void switch_prepare(struct context *c, void *bottom, size_t size,
    void (*entry)(void *), void *arg);

/* Saves the caller in from and goes on in to.  Returns when switched back. */
void switch_context(struct context *from, struct context *to);

#endif
