/*
 * sink -- the octets of a message on their way into the store.  After DATA:
 * dots unstuffed, and an end that nothing but CRLF.CRLF is (RFC 5321 4.1.1.4,
 * 4.5.2).  In chunks (RFC 3030 2): as they come, the end is the caller's to
 * tell.  Either way CRLF becomes LF, unless CRLF is to be stored.  A line end
 * that is no CRLF would let one server see an end where another sees text, so
 * it is noted and the message refused (RFC 5321 2.3.8).
 *
 * On its way through the header section it counts hops, remembers for whom the
 * message was delivered before, and leaves out Return-Path (RFC 5321 4.4: one
 * message has one, which the final delivery puts on top).
 *
 * Pure: it is fed pieces of any size and gives the same for each way to split.
 */
#ifndef SINK_H
#define SINK_H

#include <stddef.h>
#include <stdint.h>

/* What must not stand in a message; bits. */
enum sink_fault { SINK_BARE_CR = 1, SINK_BARE_LF = 2, SINK_NUL = 4 };

enum sink_state {
	SINK_LINE_START, /* after CRLF, or at the beginning */
	SINK_IN_LINE,
	SINK_CR,     /* after a CR in a line */
	SINK_DOT,    /* after the dot that a line began with */
	SINK_DOT_CR, /* after that dot and a CR */
	SINK_ENDED
};

/* What is known of the header field that a line belongs to. */
enum sink_field {
	SINK_FIELD_OPEN,      /* its name has only begun */
	SINK_FIELD_OTHER,     /* none that matters here, or no header */
	SINK_FIELD_RETURN,    /* Return-Path: left out */
	SINK_FIELD_DELIVERED, /* Delivered-To */
	SINK_FIELD_RECEIVED
};

/* Octets that may be held back while a field's name is open; a sink's output
 * may be longer than its input by so many. */
#define SINK_HELD 16
/* Delivered-To fields that are remembered. */
#define SINK_DELIVERED_MAX 64

struct sink {
	int crlf;	 /* stores CRLF as CRLF: to be set at the begin */
	int is_chunked;	 /* no dots and no end: likewise */
	uint64_t octets; /* stored; the wire's were octets + lines, without
			    stuffing: what RFC 1870 calls the size */
	uint64_t lines;	 /* line ends stored as LF alone */
	uint64_t dots;	 /* stored lines that may begin with a dot */
	unsigned hops;	 /* Received fields of the header section */
	unsigned faults; /* enum sink_fault */
	enum sink_state state;
	int in_header;	/* before the first empty line */
	int line_empty; /* nothing of this line has come yet */
	enum sink_field field, last_field; /* this line's, the one's before */
	unsigned held_length;
	char held[SINK_HELD];
	uint64_t hash; /* of the Delivered-To that is being read */
	unsigned delivered;
	uint64_t delivered_to[SINK_DELIVERED_MAX]; /* sink_hash of each */
};

void sink_init(struct sink *s);

/*
 * Takes octets of data up to length, or up to the end of the message, and
 * writes what is to be stored to out, which has room for length + SINK_HELD
 * octets; or nowhere, where out is NULL.  *written gets their count.  Returns
 * the octets taken; fewer than length only when s->state is SINK_ENDED.  After
 * a fault the output goes on, in bounds, and means nothing.
 */
size_t sink_take(struct sink *s, const char *data, size_t length, char *out,
    size_t *written);

/*
 * A message in chunks is at its end: what is held back goes to out, which has
 * room for SINK_HELD + 2 octets or is NULL, and the last line gets an end where
 * it has none.  Returns the octets written.
 */
size_t sink_finish(struct sink *s, char *out);

/* Whether a Delivered-To field of the header names the mailbox. */
int sink_was_delivered_to(const struct sink *s, const char *mailbox);

#endif
