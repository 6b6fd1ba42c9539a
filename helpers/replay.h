/*
 * replay -- brings the Maildirs to what the journal has promised.
 */
#ifndef REPLAY_H
#define REPLAY_H

#include <stdint.h>

struct entry;
struct journal;
struct owner;

struct replay_findings {
	unsigned placed;  /* messages that a Maildir lacked */
	unsigned removed; /* letters that were to be gone */
	unsigned aside;	  /* messages whose owner's Maildir takes nothing */
};

/* Who remembers what was delivered: numbers of letters (entry_key), of all that
 * the journal knows, in order. */
struct replay_memory {
	void (*seen)(void *arg, uint64_t key);
	void (*retracted)(void *arg, uint64_t key);
	void *arg;
};

/*
 * Replays an open journal (journal_open, before journal_start).  A message that
 * can't be placed for what its owner did (rights, links, quota) is laid aside
 * in folder (aside.h).  Returns 0: all is as promised, though not yet durable;
 * -1 with errno: it is not, and the journal must be kept.
 */
int replay_run(struct journal *j, int folder,
    const struct replay_memory *memory, struct replay_findings *findings);

/* Whether an error is the machine's fault, so that a later try may do
 * better. */
int replay_may_pass(int code);

/* Places one message in one Maildir, if it is not there.  1 where it was
 * written, 0 where it was there, -1 with errno; the process acts as the owner
 * afterwards. */
int replay_place(const struct entry *e, const struct owner *o);

#endif
