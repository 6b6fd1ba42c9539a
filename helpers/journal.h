/*
 * journal -- what was promised and may not have reached the mail file system.
 *
 * Two files of fixed size, written in full before first use, so that the
 * fdatasync of a batch needs no commit of the file system's own journal.  One
 * takes new entries; a checkpoint makes it the other's turn, syncs the mail
 * file system in a thread of its own, and after that the first is free.
 *
 * An entry carries a secret number of its file, so that no mail body can pass
 * for one; a sequence number, the first sequence number of its batch, and a
 * checksum.  A hole that only entries of its own batch follow is a torn tail:
 * that batch was never confirmed.  A hole that a later batch follows is damage.
 * Either way all entries that are whole are replayed: a message too many can
 * happen, one too few can't.
 *
 * One thread uses a journal.
 */
#ifndef JOURNAL_H
#define JOURNAL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct journal;

/* What happened to files that were read, for logs and tests. */
struct journal_findings {
	unsigned entries; /* whole ones */
	unsigned torn;	  /* holes in an unconfirmed batch */
	unsigned damaged; /* holes in a confirmed one */
};

struct journal_conf {
	int dir;	  /* folder of the files, borrowed */
	uint64_t size;	  /* octets of both files together */
	const char *boot; /* the boot's id: a change means that what was not
			     synced may be lost; borrowed for journal_open */
	/* Makes all of the Maildirs durable: 0, or -1 with errno.  Called in
	 * the journal's thread. */
	int (*sync)(void *arg);
	/* Has all entries that were committed take effect, before that sync is
	 * asked for: 0, or -1 with errno.  NULL: they have always.  Called in
	 * the caller's thread. */
	int (*settle)(void *arg);
	void *arg;
};

/*
 * Opens the journal, making its files where there are none, and reads what it
 * holds.  May take a second at the first start.  NULL with errno.
 */
struct journal *journal_open(
    const struct journal_conf *conf, struct journal_findings *findings);

/*
 * Calls fn for each entry, in order.  settled: its effect is known to have
 * reached the Maildirs.  fn returns 0, or -1 to stop.  Returns the last value
 * of fn.  Between journal_open and journal_start, any number of times.
 */
int journal_replay(struct journal *j,
    int (*fn)(
	void *arg, uint32_t type, const void *data, size_t length, int settled),
    void *arg);

/*
 * Once everything replayed is durable: frees what was read and begins anew.
 * Returns 0, or -1 with errno.
 */
int journal_start(struct journal *j);

/*
 * Waits for the thread, syncs the Maildirs, frees all.  Sets *j to NULL.
 * Entries that could not be settled stay for the next journal_open.
 */
void journal_close(struct journal **j);

/* Octets that one batch may hold: the sum of journal_cost. */
size_t journal_capacity(const struct journal *j);

/* What an entry of length octets takes. */
size_t journal_cost(size_t length);

/*
 * Adds an entry to the batch: parts, one behind the other, borrowed until
 * journal_commit.  type is 1 to 0xffff.  Returns 0, or -1 with errno ENOMEM,
 * or ENOSPC where the batch would pass the capacity.
 */
int journal_add(
    struct journal *j, uint32_t type, const struct iovec *parts, unsigned n);

/*
 * Writes and syncs the batch, after a checkpoint where the file has no room.
 * Returns 0; -1 with errno: nothing of the batch counts, the journal takes no
 * more, and the process must end (its successor replays all).
 */
int journal_commit(struct journal *j);

/*
 * A sync of mail failed outside of the journal: what the Maildirs hold may
 * never reach the disk, although it can be read.  The successor replays all,
 * and the journal takes no more, as after journal_commit.
 */
void journal_doubt(struct journal *j);

/* Forgets the batch that was not committed. */
void journal_drop(struct journal *j);

/* The number of the last committed entry of the current file. */
uint64_t journal_last(const struct journal *j);

/* All committed entries below this number (0: all) have taken effect: no replay
 * unless the machine stops. */
void journal_placed(struct journal *j, uint64_t below);

/*
 * To be called at regular times: ends a checkpoint that is ready, and begins
 * one where there is something to free.  Returns 0, or -1 with errno where a
 * sync failed: as journal_commit.
 */
int journal_checkpoint(struct journal *j);

#endif
