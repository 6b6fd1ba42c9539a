/*
 * sink -- the octets after DATA become a stored message: dots unstuffed, CRLF
 * turned to LF, and an end that nothing but CRLF.CRLF is (RFC 5321 4.1.1.4,
 * 4.5.2).  A line end that is no CRLF would let one server see an end where
 * another sees text, so it is noted and the message refused (RFC 5321 2.3.8).
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

struct sink {
	int crlf;	 /* stores CRLF as CRLF: to be set at the begin */
	uint64_t octets; /* stored; the wire's were octets + lines, without
			    stuffing: what RFC 1870 calls the size */
	uint64_t lines;	 /* line ends stored as LF alone */
	uint64_t dots;	 /* lines that begin with a dot */
	unsigned hops;	 /* Received fields of the header section */
	unsigned faults; /* enum sink_fault */
	enum sink_state state;
	int in_header;	/* before the first empty line */
	int line_empty; /* nothing of this line was stored yet */
	int matched;	/* octets of "received:" this line began with; -1: it
			   began with something else */
};

void sink_init(struct sink *s);

/*
 * Takes octets of data up to length, or up to the end of the message, and
 * writes what is to be stored to out, which has room for length octets and may
 * be data itself.  *written gets their count.  Returns the octets taken; fewer
 * than length only when s->state is SINK_ENDED.  After a fault the output goes
 * on, in bounds, and means nothing.
 */
size_t sink_take(struct sink *s, const char *data, size_t length, char *out,
    size_t *written);

#endif
