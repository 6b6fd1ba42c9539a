/*
 * store -- the promise of the mailbox helper: a message that got its answer is
 * durable and visible in each of its Maildirs exactly once, whatever process
 * or machine stops when.
 *
 * A batch of messages is written to unnamed files, appended to the journal with
 * one sync, and then given names in new/.  A message that is too large for the
 * journal, or whose Maildir lies on another file system, is synced by itself
 * before and after it gets its name.
 *
 * One thread uses a store, and no call waits for anything but the disk.
 */
#ifndef STORE_H
#define STORE_H

#include "mailbox.h"
#include "maildir.h"
#include "owner.h"
#include "packet.h"
#include "removals.h"

#include <stddef.h>
#include <stdint.h>

struct store;

struct store_conf {
	const char *folder; /* of the journal; there already */
	uint64_t journal_size;
	const char *boot; /* the machine's boot id */
};

/*
 * Opens the store below the mail root (maildir_setup, owner_setup come first)
 * and replays what its journal holds.  NULL with errno; EWOULDBLOCK where
 * another process has it open.
 */
struct store *store_open(const struct store_conf *conf);

/* Makes all durable and frees it; sets *s to NULL. */
void store_close(struct store **s);

/* Where one recipient's copy stands. */
struct store_place {
	struct owner *owner; /* the caller's */
	int folder;	     /* new/ */
	int file;	     /* holds the body; -1: shares an earlier one's */
	unsigned shares;     /* which place's file it links */
	int there;	     /* the letter was there before */
	int linked;	     /* the letter was linked by this batch */
	int done;	     /* a repeat of what was carried out already */
	int foreign;	     /* on another file system than the mail root */
	enum mailbox_result result; /* of store_commit, for this mailbox */
};

/* A message to be committed; all pointers are the caller's. */
struct store_delivery {
	uint64_t trace;
	int64_t received;
	uint64_t size, lines;
	int again; /* may have been carried out before */
	int each;  /* what fails for one mailbox does not for the others */
	int wire;  /* stored as it is sent, which the name tells: ",D=0" */
	unsigned count;
	struct store_place *places; /* count, with owner set */
	const void *body;	    /* size octets; NULL: spool holds them */
	int spool;
	enum mailbox_result result; /* of store_commit */

	char name[MAILDIR_NAME_MAX];
	int alone;	     /* synced by itself */
	struct packet entry; /* the journal's, without the body */
};

/* The name that it gets in new/. */
void store_name(const struct store_delivery *d, char name[MAILDIR_NAME_MAX]);

/* What a delivery takes of store_capacity. */
size_t store_cost(const struct store_delivery *d);

/* What one batch may take together. */
size_t store_capacity(const struct store *s);

/*
 * Commits n deliveries and sets the result of each, and of each of its places:
 * MAILBOX_OK, MAILBOX_FULL or MAILBOX_TEMPORARY.  Where a delivery's is not
 * MAILBOX_OK, no Maildir holds the message; the places that are to blame have
 * results of their own.  Else each place's counts, which is MAILBOX_OK for all
 * unless the delivery says `each`.  Returns 0; -1 where a sync failed: the
 * process must end once it has answered.
 */
int store_commit(struct store *s, struct store_delivery **batch, unsigned n);

/*
 * A file for the body of a large message to this owner, unnamed, in his
 * Maildir.  A descriptor, or -1 with errno.
 */
int store_spool(struct store *s, const struct owner *owner);

/*
 * Whether fd may be linked as the body of a message: a regular file without a
 * name (again: it may have got some by now), of size octets, open for
 * reading.
 */
int store_is_spool(int fd, uint64_t size, int again);

/*
 * Promises to remove letters (maildir_is_file) of one Maildir, durably: their
 * files go later (removals.h, as well for holder).  Returns 0; -1 with errno:
 * none is removed, unless it is EIO: as store_commit.
 */
int store_expunge(struct store *s, const struct owner *owner, uint32_t holder,
    const char *const *files, unsigned n);

/* As removals_step; the journal learns of it. */
enum removals_result store_remove_some(struct store *s);

/* Whether such a letter is one of the latest deliveries. */
int store_is_recent(
    const struct store *s, const struct owner *owner, const char *name);

/*
 * Takes back what store_commit has delivered under this name, durably, also for
 * a repeat.  As store_expunge.
 */
int store_retract(struct store *s, const struct owner *owner, const char *name);

/*
 * Tries to place what lies aside (aside.h, as well for pause); store_open does
 * so, too.  The count of messages that are left, or -1 with errno.
 */
int store_retry_aside(struct store *s, void (*pause)(void));

/* To be called at regular times.  As journal_checkpoint. */
int store_checkpoint(struct store *s);

#endif
