/*
 * incoming -- a message on its way in, from DATA or the first BDAT to its end:
 * trace fields, then what the client sends, through the sink into the body.
 */
#ifndef INCOMING_H
#define INCOMING_H

#include "body.h"
#include "mailbox.h"
#include "sink.h"

#include <stddef.h>
#include <stdint.h>

struct smtp;

struct incoming {
	struct sink sink;
	struct body body;
	uint64_t fields;	    /* octets of the trace fields before it */
	unsigned lines;		    /* and their lines */
	int64_t time;		    /* wall clock at its begin, ns */
	int64_t begin, end;	    /* monotonic: its begin and deadline, ns */
	enum mailbox_result result; /* not OK: it can't be kept */
};

/*
 * Begins the transaction's message with the trace fields of RFC 5321 4.4; the
 * transaction owns it.  -1 without memory.
 */
int incoming_begin(struct smtp *s, int is_chunked);
void incoming_free(struct incoming **in);

/*
 * Takes some of the n octets of data (at least one): into the body, or, of a
 * message that is refused already, into nothing.  May wait for the mailbox
 * helper.  Returns how many.
 */
size_t incoming_take(struct smtp *s, const char *data, size_t n);

/* All has come: puts what must not stay in memory into the spool. */
void incoming_finish(struct smtp *s);

/* Until when the client's next octets must be there: RFC 5321 4.5.3.2.5, the
 * whole message's time, and the least rate. */
int64_t incoming_deadline(const struct smtp *s);

/* The message's size as RFC 1870 5 counts it. */
uint64_t incoming_size(const struct incoming *in);

/* What is wrong with the message itself, as a reply; NULL for nothing. */
const char *incoming_fault(const struct smtp *s);

#endif
