/*
 * report -- a note of success: multipart/report of RFC 6522 with the status of
 * RFC 3464, or of RFC 6533 where an address is not ASCII.  Pure.
 */
#ifndef REPORT_H
#define REPORT_H

#include <stddef.h>
#include <stdint.h>

struct recipient;

/* All is borrowed. */
struct report {
	const char *hostname;
	const char *to;	   /* the reverse-path of the message */
	const char *envid; /* as it came; NULL: none */
	uint64_t trace;	   /* of the message */
	uint64_t id;	   /* the note's own */
	int64_t arrived;   /* wall clock, ns */
	int64_t time;	   /* likewise, of the note */
	int is_utf8;	   /* RFC 6533's types */
	const struct recipient *list;
	unsigned count;	    /* of list; those count that want one and have it */
	const char *header; /* of the message, LF line ends */
	size_t header_length;
};

/* Octets that the header may have; what is longer is cut at a line. */
#define REPORT_HEADER_MAX 8192

/* Whether this recipient's sender is to be told that it was delivered. */
int report_is_for(const struct recipient *r);

/*
 * Writes the note, with LF line ends, to to[size].  Returns its length, 0 where
 * it does not fit.  *lines gets how many lines it has.
 */
size_t
report_write(const struct report *r, char *to, size_t size, uint64_t *lines);

#endif
