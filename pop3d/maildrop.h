/*
 * maildrop -- the snapshot of a mailbox that a session works on, from its login
 * to its end (RFC 1939 4): numbers, sizes and names never change in it.  What
 * DELE marks is removed at QUIT alone.
 *
 * The letters stand in the catalog (catalog.h) that came with the login; the
 * session holds a few rows of it and a bit a letter, however many there are.
 *
 * A row that can't be read is damaged: what asks for it fails, is_damaged stays
 * set, and the session must end.
 */
#ifndef MAILDROP_H
#define MAILDROP_H

#include "mailbox.h"

#include <stddef.h>
#include <stdint.h>

struct maildrop {
	int catalog;	      /* the mailbox_session's */
	uint32_t row;	      /* octets of a row */
	uint32_t letters;     /* in the catalog */
	uint32_t *shown;      /* rows of those that are shown; NULL: all are */
	uint32_t count;	      /* of them */
	uint64_t total;	      /* their octets, as sent */
	uint32_t left;	      /* letters that are not marked, and */
	uint64_t octets;      /* their octets, as sent */
	uint8_t *marks;	      /* a bit a letter; NULL while none was marked */
	char *rows;	      /* MAILDROP_ROWS of them at most, */
	uint32_t first, held; /* from number first (0 is the first letter) on */
	int is_damaged;
};

/* Rows that are read at a time. */
#define MAILDROP_ROWS 64

/* An empty snapshot; takes no memory yet. */
void maildrop_init(struct maildrop *m);

/* Frees all; m is empty then.  Idempotent. */
void maildrop_free(struct maildrop *m);

/* The letters of an open mailbox, which stays open as long as the empty m is
 * used. */
void maildrop_open(struct maildrop *m, const struct mailbox_session *s);

/* What becomes of a letter: of this one, or of it and all behind it. */
enum maildrop_choice { MAILDROP_SHOW, MAILDROP_HIDE, MAILDROP_REST };

/*
 * Has choose tell, from the first letter on, which ones are shown; the others
 * are not there for this session, and leave no gap.  Before all else that is
 * done with m.  Lets others run; choose may wait.  0, or -1 where a row is
 * damaged or memory is out.
 */
int maildrop_hide(struct maildrop *m,
    enum maildrop_choice (*choose)(void *arg, const struct mailbox_letter *l),
    void *arg);

/* Whether number (from 1) is a letter that is not marked. */
int maildrop_has(const struct maildrop *m, uint64_t number);

/* Of letter number (1 to count, marked or not): its octets as sent.  0, or -1
 * where its row is damaged. */
int maildrop_octets(struct maildrop *m, uint32_t number, uint64_t *octets);

/* ... its UIDL, borrowed until the next call, *length octets without a NUL
 * behind them; NULL where its row is damaged. */
const char *maildrop_uidl(struct maildrop *m, uint32_t number, size_t *length);

/* ... all of it, copied to l: 0 or -1.  Its row and MAILDROP_AHEAD behind it
 * are then at hand. */
#define MAILDROP_AHEAD 32
int maildrop_get(struct maildrop *m, uint32_t number, struct mailbox_letter *l);

/* ... its file, and its octets as stored; borrowed until maildrop_get.  Only of
 * letters that are at hand.  NULL where its row is damaged, or not at hand
 * since others that are hidden lie between. */
const char *maildrop_file(struct maildrop *m, uint32_t number, uint64_t *size);

/*
 * Marks a letter that maildrop_has as deleted.  Returns 0, or -1 with errno
 * ENOMEM, or EIO where its row is damaged.
 */
int maildrop_mark(struct maildrop *m, uint32_t number);

/* Takes all marks back. */
void maildrop_reset(struct maildrop *m);

/*
 * The files of up to max marked letters, copied, from number *at (1 at first)
 * on, which is set behind them.  Returns their count; 0 at the end; -1 where a
 * row is damaged.
 */
int maildrop_marked(
    struct maildrop *m, uint32_t *at, char (*files)[WIRE_FILE_MAX], int max);

#endif
