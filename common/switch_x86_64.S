/*
 * switch_context(from, to) for x86-64, System V ABI: rbx, rbp and r12 to r15
 * belong to the caller.  switch_start is where a new context begins: r13 holds
 * the argument and r12 the function (switch.c lays them out).
 */
#if defined(__x86_64__) && !defined(SWITCH_UCONTEXT)
	.text
	.globl	switch_context
	.type	switch_context, @function
	.p2align 4
switch_context:
	.cfi_startproc
	pushq	%rbp
	pushq	%rbx
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movq	%rsp, (%rdi)
	movq	(%rsi), %rsp
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbx
	popq	%rbp
	popq	%rcx
	jmp	*%rcx
	.cfi_endproc
	.size	switch_context, .-switch_context

	.globl	switch_start
	.type	switch_start, @function
	.p2align 4
switch_start:
	.cfi_startproc
	.cfi_undefined rip
	movq	%r13, %rdi
	call	*%r12
	ud2
	.cfi_endproc
	.size	switch_start, .-switch_start
#endif
	.section .note.GNU-stack, "", @progbits
