/*
 * outgoing -- a letter on its way from its file to the client.
 */
#ifndef OUTGOING_H
#define OUTGOING_H

#include "letter.h"
#include "session.h"

#include <stddef.h>
#include <stdint.h>

/* Octets of a large letter that are read, and sent, at a time; and for TOP, a
 * head's. */
#define OUTGOING_BLOCK 65536
#define OUTGOING_HEAD  4096

struct outgoing {
	int fd;		  /* of a large letter; -1: all of it is in data */
	uint64_t size;	  /* as stored */
	uint64_t at;	  /* of it, read up to now */
	uint64_t octets;  /* that the client will get, without stuffing */
	int is_doubtful;  /* the octets may be wrong: outgoing_measure */
	int is_wire;	  /* stored as it is sent: see helpers.conf(5) */
	const char *data; /* what was read, and not yet sent: */
	size_t filled;	  /* of octets */
	size_t block;	  /* octets read at a time */
	char *in, *out;	  /* block octets each, for a large letter */
	char *head;	  /* in place of the letter's own; NULL: that */
	size_t head_length;
};

/*
 * Fetches letter number of the maildrop, which has it.  Where whole is set, all
 * of it is wanted, and those that follow it probably soon; else its head.
 * Waits.  MAILBOX_OK: it is all there, and o is to be freed with
 * outgoing_close.  MAILBOX_NO_LETTER: it has gone, or lost its end;
 * MAILBOX_TEMPORARY: try again later.
 */
enum mailbox_result
outgoing_open(struct outgoing *o, struct pop3 *p, uint32_t number, int whole);

/*
 * Before all of it is sent: makes octets true.  Costs nothing but where a
 * foreign program has given a large letter a name with wrong sizes.  Returns 0,
 * or -1 where it can't be read.
 */
int outgoing_measure(struct outgoing *o);

/*
 * For a client that reads ASCII alone, after outgoing_measure: puts a surrogate
 * (surrogate.h) in place of a head that is none of ASCII.  0; 1 where that head
 * is too long for it; or -1 where it can't be done now.
 */
int outgoing_downgrade(struct outgoing *o);

/*
 * Sends it, or where top is not NULL, so much of it, and the dot.  Waits.
 * Returns 0, or -1 where that could not be done to the end: the connection must
 * be dropped, so that the client never takes a part for the whole.
 */
int outgoing_send(struct outgoing *o, struct pop3 *p, struct letter_top *top);

/* Frees it, and what it was the last of.  Idempotent. */
void outgoing_close(struct outgoing *o, struct pop3 *p);

/* Frees what was fetched in advance.  Idempotent. */
void outgoing_forget(struct pop3 *p);

#endif
