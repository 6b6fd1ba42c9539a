/*
 * replay -- brings the Maildirs to what the journal has promised.
 */
#ifndef REPLAY_H
#define REPLAY_H

#include <stdint.h>

struct journal;

struct replay_findings {
	unsigned placed;  /* messages that a Maildir lacked */
	unsigned removed; /* letters that were to be gone */
	unsigned aside;	  /* messages whose owner's Maildir takes nothing */
};

/*
 * Replays an open journal (journal_open, before journal_start).  seen gets the
 * name of each message that the journal knows.  A message that can't be
 * placed for what its owner did (rights, links, quota) is laid aside as a file
 * in folder.  Returns 0: all is as promised, though not yet durable; -1 with
 * errno: it is not, and the journal must be kept.
 */
int replay_run(struct journal *j, int folder,
    void (*seen)(void *arg, const char *name), void *arg,
    struct replay_findings *findings);

#endif
