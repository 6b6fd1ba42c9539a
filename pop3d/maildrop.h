/*
 * maildrop -- the snapshot of a mailbox that a session works on, from its login
 * to its end (RFC 1939 4): numbers, sizes and names never change in it.  What
 * DELE marks is removed at QUIT alone.
 *
 * 24 octets and a file name a letter; made for 100,000 of them.
 */
#ifndef MAILDROP_H
#define MAILDROP_H

#include "mailbox.h"

#include <stddef.h>
#include <stdint.h>

/* Letters of one snapshot.  Of a mailbox with more, the session sees the first
 * ones; the rest comes up once they are gone. */
#define MAILDROP_MAX 1000000

struct maildrop_letter;

struct maildrop {
	struct maildrop_letter *letters;
	uint32_t count, capacity;
	char *names; /* files and UIDLs, one after the other */
	uint32_t names_length, names_capacity;
	uint8_t *marks;	 /* a bit a letter; NULL while none was marked */
	uint32_t left;	 /* letters that are not marked, and */
	uint64_t octets; /* their octets, as sent */
};

/* An empty snapshot; takes no memory yet. */
void maildrop_init(struct maildrop *m);

/* Frees all; m is empty then.  Idempotent. */
void maildrop_free(struct maildrop *m);

/*
 * Adds the next letter, which is copied.  Returns 0, or -1 with errno: ENOMEM,
 * EOVERFLOW (a size or sum that can't be), E2BIG (MAILDROP_MAX reached).
 */
int maildrop_add(struct maildrop *m, const struct mailbox_letter *l);

/* Gives back what maildrop_add took in advance: call it after the last one. */
void maildrop_trim(struct maildrop *m);

/*
 * Reads the whole snapshot of an open mailbox into the empty m, waiting for
 * each page until a deadline of its own, patience ns ahead.  On anything but
 * MAILBOX_OK, m is empty.
 */
enum mailbox_result
maildrop_load(struct maildrop *m, struct mailbox_session *s, int64_t patience);

/* Frees what maildrop_load keeps for the next one on this worker. */
void maildrop_end_worker(void);

/* Whether number (from 1) is a letter that is not marked. */
int maildrop_has(const struct maildrop *m, uint64_t number);

/* Of letter number (1 to count, marked or not): its octets as sent. */
uint64_t maildrop_octets(const struct maildrop *m, uint32_t number);

/* ... its UIDL: *length octets, no NUL behind; borrowed until maildrop_free. */
const char *
maildrop_uidl(const struct maildrop *m, uint32_t number, size_t *length);

/* ... all of it, copied to l. */
void maildrop_get(
    const struct maildrop *m, uint32_t number, struct mailbox_letter *l);

/* ... its file, borrowed until maildrop_free, and its octets as stored. */
const char *
maildrop_file(const struct maildrop *m, uint32_t number, uint64_t *size);

/*
 * Marks a letter that maildrop_has as deleted.  Returns 0, or -1 with errno
 * ENOMEM.
 */
int maildrop_mark(struct maildrop *m, uint32_t number);

/* Takes all marks back. */
void maildrop_reset(struct maildrop *m);

/*
 * The files of up to max marked letters, from number *at (1 at first) on, which
 * is set behind them.  Borrowed until maildrop_free.  Returns their count; 0 at
 * the end.
 */
uint32_t maildrop_marked(
    const struct maildrop *m, uint32_t *at, const char **files, uint32_t max);

#endif
