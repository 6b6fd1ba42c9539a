/*
 * switch_start for x86-64: where a new context begins.  At its stack pointer
 * lie the function and its argument (switch.c lays them out); the switch itself
 * stands in switch.h.
 */
#if defined(__x86_64__) && !defined(SWITCH_UCONTEXT)
	.text
	.globl	switch_start
	.type	switch_start, @function
	.p2align 4
switch_start:
	.cfi_startproc
	.cfi_undefined rip
	popq	%rax
	popq	%rdi
	xorl	%ebp, %ebp
	/* A call that never returns would leave its return address in the
	 * processor's own stack of them, and spoil all those below. */
	leaq	1f(%rip), %rcx
	pushq	%rcx
	jmp	*%rax
1:	ud2
	.cfi_endproc
	.size	switch_start, .-switch_start
#endif
	.section .note.GNU-stack, "", @progbits
