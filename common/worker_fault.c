#include "worker_fault.h"

#include "sched.h"

#include <errno.h>
#include <link.h>
#include <stdint.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

static const int faults[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE};

#define FAULTS (sizeof(faults) / sizeof(faults[0]))

void
worker_fault_spare(sigset_t *set)
{
	for (size_t i = 0; i < FAULTS; i++)
		sigdelset(set, faults[i]);
}

#if !defined(SANITIZE_ASAN) && !defined(SANITIZE_TSAN)

/* -- where code lies */

/* Pieces of code that are known: the program's and its libraries'. */
enum { PIECES = 64 };

static struct piece {
	uintptr_t start, end;
	uintptr_t base;	  /* the file's addresses begin there */
	const char *name; /* of the file */
} pieces[PIECES];
static size_t pieces_count;

static int
note_object(struct dl_phdr_info *info, size_t size, void *arg)
{
	const char *slash = strrchr(info->dlpi_name, '/');
	const char *name = slash != NULL ? slash + 1 : info->dlpi_name;

	(void)size;
	(void)arg;
	if (*name == '\0')
		name = program_invocation_short_name;
	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];
		uintptr_t start = info->dlpi_addr + p->p_vaddr;

		if (p->p_type != PT_LOAD || (p->p_flags & PF_X) == 0 ||
		    pieces_count == PIECES)
			continue;
		pieces[pieces_count++] = (struct piece){
		    start, start + p->p_memsz, info->dlpi_addr, name};
	}
	return 0;
}

/* -- lines, without memory of others and without a lock */

struct line {
	size_t length;
	char text[256];
};

static void
add(struct line *l, const char *text, size_t length)
{
	/* The last octet is for the line's end. */
	size_t room = sizeof(l->text) - 1 - l->length;

	if (length > room)
		length = room;
	memcpy(l->text + l->length, text, length);
	l->length += length;
}

static void
add_text(struct line *l, const char *text)
{
	add(l, text, strlen(text));
}

static void
add_number(struct line *l, uintptr_t n, unsigned base)
{
	char digits[3 * sizeof(n)];
	size_t at = sizeof(digits);

	do
		digits[--at] = "0123456789abcdef"[n % base];
	while ((n /= base) > 0);
	if (base == 16)
		add_text(l, "0x");
	add(l, digits + at, sizeof(digits) - at);
}

static void
say(struct line *l)
{
	l->text[l->length++] = '\n';
	if (write(STDERR_FILENO, l->text, l->length) == -1)
		return; /* nobody to tell */
}

/* -- the fault */

/* 0: unknown. */
static uintptr_t
pc_of(const void *context)
{
	const ucontext_t *c = context;

#if defined(__x86_64__)
	return (uintptr_t)c->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
	return (uintptr_t)c->uc_mcontext.pc;
#else
	(void)c;
	return 0;
#endif
}

static void
say_where(int number, const siginfo_t *info, uintptr_t pc)
{
	struct line l = {.length = 0};

	add_text(&l, "panic: signal ");
	add_number(&l, (uintptr_t)number, 10);
	if (info->si_code <= 0) {
		add_text(&l, " from process ");
		add_number(&l, (uintptr_t)info->si_pid, 10);
	} else {
		add_text(&l, " at ");
		add_number(&l, (uintptr_t)info->si_addr, 16);
	}
	add_text(&l, ", pc ");
	add_number(&l, pc, 16);
	for (size_t i = 0; i < pieces_count; i++)
		if (pc >= pieces[i].start && pc < pieces[i].end) {
			add_text(&l, " (");
			add_text(&l, pieces[i].name);
			add_text(&l, "+");
			add_number(&l, pc - pieces[i].base, 16);
			add_text(&l, ")");
		}
	say(&l);
}

static void
say_whose(const siginfo_t *info)
{
	const struct fiber *f = fiber_self();
	struct line l = {.length = 0};
	int is_overflow;

	if (f == NULL)
		return;
	is_overflow =
	    info->si_code > 0 && stack_is_guard(f->stack, info->si_addr);
	add_text(&l,
	    is_overflow ? "panic: the stack of fiber \"" : "panic: fiber \"");
	add(&l, f->name, strnlen(f->name, sizeof(f->name)));
	add_text(&l, is_overflow ? "\" overflowed; see stack_size in the conf"
				 : "\" was running");
	say(&l);
}

/* On its own stack, since the fiber's may be used up; then dies of it. */
static void
on_fault(int number, siginfo_t *info, void *context)
{
	/* Before anything of the fiber is touched: it may be what is broken,
	 * and a second fault in here ends the process at once. */
	say_where(number, info, pc_of(context));
	say_whose(info);
	signal(number, SIG_DFL);
	/* What somebody has sent does not come again by itself. */
	if (info->si_code <= 0)
		raise(number);
}

int
worker_fault_begin(void)
{
	struct sigaction action = {
	    .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};

	pieces_count = 0;
	dl_iterate_phdr(note_object, NULL);
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < FAULTS; i++)
		if (sigaction(faults[i], &action, NULL) == -1)
			return -1;
	return 0;
}

int
worker_fault_enter(void *stack)
{
	const stack_t own = {.ss_sp = stack, .ss_size = WORKER_FAULT_STACK};

	return sigaltstack(&own, NULL);
}

void
worker_fault_leave(void)
{
	sigaltstack(&(stack_t){.ss_flags = SS_DISABLE}, NULL);
}

#else

int
worker_fault_begin(void)
{
	return 0;
}

int
worker_fault_enter(void *stack)
{
	(void)stack;
	return 0;
}

void
worker_fault_leave(void)
{
}

#endif
