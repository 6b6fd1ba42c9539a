/*
 * stress -- the core under random load.  What the actors of stress.c share:
 * services that answer notes, a board of fibers that anybody may cancel, and
 * the checks of what must hold whatever the order of things.
 */
#ifndef STRESS_H
#define STRESS_H

#include "clock.h"
#include "port.h"
#include "ring.h"

#include <stdatomic.h>

enum { SERVICES = 4, PLACES = 32 };

/* Test counters race with nothing, and order nothing that the core should. */
#define RELAXED memory_order_relaxed

/* The round ends: no actor begins anything new. */
extern _Atomic int closing;

/* ---- stress_check.c: what must hold ---- */

/* A wait that ends this long (ns) after its deadline has been lost. */
extern int64_t late;

/* Says what is wrong, with the seed, and ends the process. */
_Noreturn void
fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * An actor's random numbers: the same seed and actor give the same ones,
 * whatever the others do.
 */
struct dice {
	uint64_t state;
};
extern uint64_t seed;
void dice_init(struct dice *d, uint64_t actor);
/* From 0 to below. */
unsigned dice_roll(struct dice *d, unsigned below);

/* A wait's limit, and whether it may come: that of a patient one may not. */
struct limit {
	int64_t deadline;
	int patient;
};
struct limit limit_roll(struct dice *d);

/*
 * Checks how a wait has ended: result and errno; `also` is one more errno that
 * may be (0 for none).  EAGAIN may be where there was no time to wait.
 */
void check_wait(const char *what, int result, struct limit limit, int also);

enum count {
	COUNT_SENT,	/* notes that a port has taken */
	COUNT_RECEIVED, /* those that came out again */
	COUNT_CALLS,	/* calls that were answered */
	COUNT_RECALLED, /* calls that came back unanswered */
	COUNT_ANSWERED, /* answers that services gave */
	COUNT_CANCELS,	/* fibers cancelled from anywhere */
	COUNT_PASSES,	/* of batons */
	COUNT_LINES,	/* echoed over connections */
	COUNT_GAPS,	/* wake-ups that were very slow; see baton_run */
	COUNT_ACTORS,	/* fibers and threads that run and end by themselves */
	COUNT_KEEPERS,	/* those that end with the round */
	COUNTS
};
void count_add(enum count count, int n);
long count_get(enum count count);

/* ---- stress_service.c: notes, and who answers them ---- */

/* One service: receives, holds some notes for a while, answers. */
struct service {
	struct ring ring;
	struct port port;
	int index;
};
extern struct service services[SERVICES];
void service_init(struct service *s, int index);
void service_main(void *service);

/* Sends a note that nobody answers; calls and checks the answer. */
void note_send(struct dice *d);
void note_call(struct dice *d);

/* ---- stress_board.c: fibers that others cancel and notify ---- */

void board_init(void);
/* Cancels, or just notifies, whoever stands at a random place. */
void board_disturb(struct dice *d);
/* Starts fibers, puts them on the board, takes them off and joins them. */
void board_main(void *number);

/* ---- stress_act.c: what actors do ---- */

/* One random deed, on a fiber or a kernel thread. */
void act(struct dice *d);

/*
 * A baton that two wait for and pass on, without end.  In a quiet round nothing
 * else wakes either side by chance, so that each slow wake-up counts as a gap;
 * a few of them are too many.
 */
struct baton {
	struct ring rings[2];
	_Atomic unsigned passes;
	_Atomic int64_t passed_at;
	int quiet;
};
void baton_init(struct baton *b, int quiet);
/* One side of it, until it is cancelled, or *over: then the ring must be
 * notified too. */
void baton_run(struct baton *b, unsigned side, const _Atomic int *over);

#endif
