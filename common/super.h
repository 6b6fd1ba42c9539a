/*
 * super -- a parent that starts processes, and starts them again when they die.
 *
 * The parent is one thread that sleeps in sigtimedwait and forks.  A child that
 * ends is started again: at once the first time, then after pauses that double
 * from 50 ms to 30 s while it keeps dying, and begin anew once it has lived
 * for 30 s.
 */
#ifndef SUPER_H
#define SUPER_H

#include <stdint.h>
#include <sys/types.h>

struct super_child {
	const char *name; /* for logs; NULL ends the table */
	/*
	 * Runs in the child, with signals as super_run found them blocked; its
	 * return is the exit code.  A child that exits with SUPER_GIVE_UP is
	 * not started again, and the whole ends.
	 */
	int (*run)(void *arg);
	void *arg;

	/* super_restart leaves it as it is; the program's to set. */
	int stays;

	/* Of the parent's book-keeping: */
	pid_t pid;
	int is_asked; /* to end, by super_restart */
	int pause_ms;
	long long started, due;
};

#define SUPER_GIVE_UP 78 /* EX_CONFIG of sysexits.h */

/* How long (ns) a child may take to end, 15 s: a slow disk, or a checker.  Only
 * a test has reason to change it. */
extern int64_t super_stop_within;

/*
 * Starts all of children and keeps them running until SIGTERM or SIGINT; then
 * sends SIGTERM to all, SIGKILL after super_stop_within, and returns 0 when all
 * have ended; 1 after a child gave up.  SIGHUP: calls reload (may be NULL;
 * returns -1 to leave things as they are), then sends SIGHUP to each child.
 * Each child gets SIGTERM if the parent dies.  SIGUSR1 with a level of the log
 * (sigqueue) makes it that of the parent and of all children, until reload sets
 * another one.
 */
int super_run(struct super_child *children, int (*reload)(void));

/* What a parent does beside its children.  Each may be NULL. */
struct super_hooks {
	int (*reload)(void); /* as that of super_run */
	/* After each wake-up, of which SIGIO is one that means nothing else:
	 * when it is to be called again at the latest. */
	int64_t (*tick)(void);
	/* On SIGUSR2: becomes another program by exec, whose children ours are
	 * then (super_old.h), or returns to go on. */
	void (*replace)(void);
	/* Before the children are told to end. */
	void (*stopping)(void);
	/* Whenever one has ended, before it is started again. */
	void (*ended)(const struct super_child *child);
};

int
super_run_with(struct super_child *children, const struct super_hooks *hooks);

/*
 * For reload: asks all children but those that stay to end (SIGTERM), to be
 * started again at once, with what the parent knows by then.
 */
void super_restart(struct super_child *children);

/*
 * For replace: ends all children; they start again when replace returns.  0, or
 * -1 where the parent was told to end meanwhile.  Waits as long as they take,
 * super_stop_within at most.
 */
int super_stop(struct super_child *children);

/*
 * Blocks the signals that super_run waits for, and SIGPIPE is ignored.  Call it
 * before any thread starts.
 */
void super_block_signals(void);

/* Call it in the child once it has changed users: a change of uid makes the
 * kernel forget that the parent's death should end it. */
void super_end_with_parent(void);

#endif
