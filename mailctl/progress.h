/*
 * progress -- a bar on standard error for work that takes a while, where that
 * is a terminal that can take it away again (TERM is not dumb), and people are
 * to read what is printed (no --json).  It shows after half a second, and goes
 * when something else is said (said.h).
 */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stdint.h>

/*
 * Of `total` things, which `unit` names ("lines"); 0: how many they are is not
 * known, so that what moves is no more than a sign of life, with the time that
 * it has taken.  what: a word or two.  Both are borrowed.
 */
void progress_begin(const char *what, const char *unit, uint64_t total);

/* So many are done. */
void progress_step(uint64_t done);

/* So many more. */
void progress_add(uint64_t more);

/* Looks there for the total (0: not known) and what is done, which somebody
 * else writes; NULL, as at first: nowhere. */
struct progress_numbers {
	uint32_t total, done;
};
void progress_watch(const struct progress_numbers *numbers);

/* Some time has passed: whoever waits calls it each PROGRESS_TICK_MS, while
 * progress_is_on. */
#define PROGRESS_TICK_MS 100
void progress_tick(void);
int progress_is_on(void);

/* Takes the bar away, so that other lines can be written; it comes again. */
void progress_hide(void);

/* Takes it away for good. */
void progress_end(void);

#endif
