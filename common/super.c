#include "super.h"

#include "clock.h"
#include "log.h"
#include "super_old.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FIRST_PAUSE_MS	 50
#define LONGEST_PAUSE_MS 30000
#define SETTLED		 (30 * CLOCK_SECOND) /* a life this long is no failure */

int64_t super_stop_within = 15 * CLOCK_SECOND;

/* In a child: the process that started it; 0 in any other. */
static pid_t parent;

static void
fill_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGHUP);
	sigaddset(set, SIGUSR1);
	sigaddset(set, SIGUSR2);
	sigaddset(set, SIGCHLD);
	sigaddset(set, SIGIO); /* there is something for tick to see */
}

void
super_block_signals(void)
{
	sigset_t set;

	fill_signals(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	/* Who has started us may ignore it: then no child could be waited
	 * for. */
	signal(SIGCHLD, SIG_DFL);
}

void
super_end_with_parent(void)
{
	if (parent == 0)
		return;
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) == -1)
		log_warn("super.no_death_signal", log_errno(errno));
	/* It may have died before the call: then no signal comes. */
	if (getppid() != parent)
		_exit(1);
}

static int64_t
pause_ns(const struct super_child *c)
{
	return c->pause_ms * CLOCK_MILLISECOND;
}

/* The next start comes after the pause; the one after that, later. */
static void
plan_start(struct super_child *c, int64_t now)
{
	c->pid = 0;
	if (now - c->started >= SETTLED)
		c->pause_ms = 0;
	c->due = now + pause_ns(c);
}

static void
lengthen_pause(struct super_child *c)
{
	if (c->pause_ms == 0)
		c->pause_ms = FIRST_PAUSE_MS;
	else if (c->pause_ms < LONGEST_PAUSE_MS / 2)
		c->pause_ms *= 2;
	else
		c->pause_ms = LONGEST_PAUSE_MS;
}

static void
start(struct super_child *c)
{
	pid_t self = getpid();

	c->started = clock_now();
	fflush(NULL); /* or the child would write it too */
	c->pid = fork();
	if (c->pid == 0) {
		parent = self;
		log_follow();
		super_end_with_parent();
		exit(c->run(c->arg));
	}
	if (c->pid == -1) {
		log_error("process.not_started", log_text("process", c->name),
		    log_errno(errno));
		lengthen_pause(c);
		plan_start(c, c->started);
		return;
	}
	log_debug("process.start", log_text("process", c->name),
	    log_int("child", c->pid));
}

/* Starts what is due; the time of the next start. */
static int64_t
start_due(struct super_child *children)
{
	struct super_child *c;
	int64_t next = CLOCK_NEVER;

	for (c = children; c->name != NULL; c++) {
		if (c->pid == 0 && c->due <= clock_now())
			start(c);
		if (c->pid == 0 && c->due < next)
			next = c->due;
	}
	return next;
}

static struct super_child *
find(struct super_child *children, pid_t pid)
{
	struct super_child *c;

	for (c = children; c->name != NULL; c++)
		if (c->pid == pid)
			return c;
	return NULL;
}

/* The next child that has ended; NULL: none for now. */
static struct super_child *
reap(struct super_child *children, int *status)
{
	struct super_child *c;
	pid_t pid;

	while ((pid = waitpid(-1, status, WNOHANG)) > 0) {
		if ((c = find(children, pid)) != NULL)
			return c;
		/* Else it came with an exec. */
		if (super_old_remove(pid))
			log_info("process.left", log_int("child", pid));
	}
	return NULL;
}

/* -1: it gave up. */
static int
note_end(struct super_child *c, int status)
{
	pid_t pid = c->pid;
	bool gave_up =
	    WIFEXITED(status) && WEXITSTATUS(status) == SUPER_GIVE_UP;

	plan_start(c, clock_now());
	if (c->is_asked) { /* no failure, unless it can't start again */
		c->is_asked = 0;
		c->due = 0;
		log_info("process.restart", log_text("process", c->name),
		    log_int("child", pid));
		return 0;
	}
	if (gave_up)
		log_error("process.gave_up", log_text("process", c->name),
		    log_int("child", pid));
	else if (WIFSIGNALED(status))
		log_warn("process.end", log_text("process", c->name),
		    log_int("child", pid), log_int("signal", WTERMSIG(status)),
		    log_int("pause_ms", c->pause_ms));
	else
		log_warn("process.end", log_text("process", c->name),
		    log_int("child", pid),
		    log_int("status", WEXITSTATUS(status)),
		    log_int("pause_ms", c->pause_ms));
	lengthen_pause(c);
	return gave_up ? -1 : 0;
}

static bool
signal_all(struct super_child *children, int number)
{
	struct super_child *c;
	bool any = false;

	for (c = children; c->name != NULL; c++)
		if (c->pid > 0) {
			any = true;
			kill(c->pid, number);
		}
	return any;
}

/* Another log level, until the next reload; the kernel lets root alone send
 * it. */
static void
take_level(const siginfo_t *info)
{
	int level = info->si_value.sival_int;

	if (info->si_code != SI_QUEUE || level < LEVEL_ERROR ||
	    level > LEVEL_DEBUG)
		return;
	/* Who reads the line may count on it; unless the level hides it. */
	if (level >= LEVEL_INFO)
		log_set_level((enum log_level)level);
	log_record("log.level", log_text("level", log_levels[level]),
	    log_int("uid", info->si_uid));
	log_set_level((enum log_level)level);
}

/* A signal of the set, or 0 at the deadline. */
static int
wait_signal(int64_t deadline)
{
	int64_t left = deadline - clock_now();
	struct timespec t;
	siginfo_t info;
	sigset_t set;
	int number;

	if (left < 0)
		left = 0;
	t.tv_sec = left / CLOCK_SECOND;
	t.tv_nsec = left % CLOCK_SECOND;
	fill_signals(&set);
	number = sigtimedwait(&set, &info, deadline == CLOCK_NEVER ? NULL : &t);
	if (number == SIGUSR1)
		take_level(&info);
	return number == -1 || number == SIGUSR1 ? 0 : number;
}

void
super_restart(struct super_child *children)
{
	for (struct super_child *c = children; c->name != NULL; c++)
		if (c->pid > 0 && !c->stays && kill(c->pid, SIGTERM) == 0)
			c->is_asked = 1;
}

static void
kill_all(struct super_child *children)
{
	for (struct super_child *c = children; c->name != NULL; c++)
		if (c->pid > 0)
			log_warn("process.kill", log_text("process", c->name),
			    log_int("child", c->pid));
	signal_all(children, SIGKILL);
	super_old_signal(SIGKILL);
}

/* Which of the signals came meanwhile that mean something afterwards: SIGTERM
 * (or SIGINT), SIGHUP; 0: none. */
static int
stop_all(struct super_child *children)
{
	struct super_child *c;
	int64_t deadline = clock_after(super_stop_within);
	int number, status, came = 0;

	signal_all(children, SIGTERM);
	super_old_signal(SIGTERM);
	for (;;) {
		while ((c = reap(children, &status)) != NULL)
			c->pid = 0;
		if (!signal_all(children, 0) && super_old_signal(0) == 0)
			return came;
		if (clock_now() >= deadline) {
			kill_all(children);
			deadline = CLOCK_NEVER;
		}
		number = wait_signal(deadline);
		if (number == SIGTERM || number == SIGINT)
			came = SIGTERM;
		else if (number == SIGHUP && came == 0)
			came = SIGHUP;
	}
}

int
super_stop(struct super_child *children)
{
	int came = stop_all(children);

	for (struct super_child *c = children; c->name != NULL; c++)
		c->due = c->is_asked = 0;
	/* It is obeyed once the hook has returned. */
	if (came != 0)
		kill(getpid(), came);
	return came == SIGTERM ? -1 : 0;
}

static void
reset(struct super_child *children)
{
	if (log_share() == -1)
		log_warn("log.not_shared", log_errno(errno));
	for (struct super_child *c = children; c->name != NULL; c++) {
		c->pid = 0;
		c->pause_ms = 0;
		c->is_asked = 0;
		c->due = 0;
	}
}

/* What a signal asks for; -1 to go on, else what super_run_with returns. */
static int
obey(struct super_child *children, const struct super_hooks *hooks, int number)
{
	if (number == SIGTERM || number == SIGINT)
		return 0;
	if (number == SIGHUP &&
	    (hooks->reload == NULL || hooks->reload() != -1))
		signal_all(children, SIGHUP);
	if (number == SIGUSR2 && hooks->replace != NULL)
		hooks->replace();
	return -1;
}

int
super_run_with(struct super_child *children, const struct super_hooks *hooks)
{
	int number = 0, result = -1, status;
	struct super_child *c;
	int64_t next, tick;

	reset(children);
	while (result == -1) {
		while ((c = reap(children, &status)) != NULL) {
			if (note_end(c, status) == -1)
				result = 1;
			if (hooks->ended != NULL)
				hooks->ended(c);
		}
		if (result != -1 ||
		    (result = obey(children, hooks, number)) != -1)
			break;
		next = start_due(children);
		tick = hooks->tick != NULL ? hooks->tick() : CLOCK_NEVER;
		number = wait_signal(next < tick ? next : tick);
	}
	if (hooks->stopping != NULL)
		hooks->stopping();
	stop_all(children);
	return result;
}

int
super_run(struct super_child *children, int (*reload)(void))
{
	const struct super_hooks hooks = {.reload = reload};

	return super_run_with(children, &hooks);
}
