/*
 * switch -- from one stack to another without a system call.
 *
 * Own assembly for x86-64 and aarch64, ucontext(3) elsewhere or where
 * SWITCH_UCONTEXT is defined.  Saves what the ABI wants a callee to keep; the
 * floating-point control words and the signal mask are the same for all fibers
 * and stay as they are.
 *
 * On x86-64 it stands in its caller, so that the compiler saves only what is in
 * use there, and no return goes where the processor does not expect it: that
 * alone took twice the time of all the rest.
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
#if defined(__x86_64__) && !defined(SWITCH_UCONTEXT)
/*
 * What lies at the saved sp: where to go on, rbp, and a red zone that the
 * caller may have in use (gdb.py knows this too).
 */
static inline void
switch_context(struct context *from, struct context *to)
{
	__asm__ volatile("leaq	-128(%%rsp), %%rsp\n\t"
			 "pushq	%%rbp\n\t"
			 "leaq	1f(%%rip), %%rax\n\t"
			 "pushq	%%rax\n\t"
			 "movq	%%rsp, (%%rdi)\n\t"
			 "movq	(%%rsi), %%rsp\n\t"
			 "popq	%%rax\n\t"
			 "jmp	*%%rax\n"
			 "1:\n\t"
			 "popq	%%rbp\n\t"
			 "subq	$-128, %%rsp"
			 : "+D"(from), "+S"(to)
			 :
			 : "rax", "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11",
			 "r12", "r13", "r14", "r15", "xmm0", "xmm1", "xmm2",
			 "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9",
			 "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15",
#ifdef __AVX512F__
			 "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21",
			 "xmm22", "xmm23", "xmm24", "xmm25", "xmm26", "xmm27",
			 "xmm28", "xmm29", "xmm30", "xmm31", "k1", "k2", "k3",
			 "k4", "k5", "k6", "k7",
#endif
			 "cc", "memory");
}
#else
void switch_context(struct context *from, struct context *to);
#endif

#endif
