/*
 * delay -- who guessed passwords: failed logins by the client's network (/32,
 * IPv6 /64) and by account, and who has logged in to what from where.
 *
 * Failures count half after each DELAY_HALF_LIFE.  They make the answer to the
 * next failure wait longer, twice as long each time, and put who made them
 * behind others where passwords are checked (pool.h).  A login that is right
 * is never made to wait here.
 *
 * The table is a file of fixed size, mapped into the process: it outlives a
 * restart and needs no writing.  Names and addresses stand in it as HMACs
 * under the file's own key.  What is damaged in it counts as nothing.
 */
#ifndef DELAY_H
#define DELAY_H

#include <stddef.h>
#include <stdint.h>

struct delay;

#define DELAY_TAG_SIZE	16
#define DELAY_HALF_LIFE (10 * 60)	 /* s */
#define DELAY_KNOWN	(30 * 24 * 3600) /* s that a good login counts */

/* A login's client and account, as delay_identify found them. */
struct delay_who {
	unsigned char network[DELAY_TAG_SIZE];
	unsigned char account[DELAY_TAG_SIZE];
	unsigned char pair[DELAY_TAG_SIZE]; /* of both */
};

/*
 * Opens the table in the file at path, which is made where it is not there, or
 * of no use.  path NULL: in memory alone.  first, most: ms that the answer to
 * a first failure waits, and that any waits at most.  The caller's;
 * delay_close.  NULL after a log line.
 */
struct delay *delay_open(const char *path, unsigned first, unsigned most);

/* Unmaps, frees, and sets *d to NULL. */
void delay_close(struct delay **d);

/* client: an address as text; account: a name as the client gave it, or a
 * canonical one: letters count alike in either case. */
void delay_identify(struct delay *d, const char *client, const char *account,
    struct delay_who *who);

/*
 * Whose turn comes first: 0 for an account from a network where it has logged
 * in before, 1 for one without a failure, and more for more.
 */
unsigned delay_rank(const struct delay *d, const struct delay_who *who);

/* Counts a failure.  Returns the ms for which its answer is to wait. */
unsigned delay_failed(struct delay *d, const struct delay_who *who);

/* Notes a good login. */
void delay_good(struct delay *d, const struct delay_who *who);

/*
 * HMAC-SHA-256 of the text under the file's key, for each purpose another:
 * what does not exist gets something that stays the same.
 */
void delay_secret(const struct delay *d, const char *purpose, const char *text,
    unsigned char to[32]);

#endif
