/*
 * letter -- a stored letter (LF line ends) as POP3 sends it (RFC 1939 3): CRLF
 * line ends, a dot put before each line that begins with one, a dot alone at
 * the end.  Pure functions over blocks, cut wherever a read has cut them.
 */
#ifndef LETTER_H
#define LETTER_H

#include <stddef.h>
#include <stdint.h>

struct letter {
	int in_line;	 /* the last octet was no LF */
	int after_cr;	 /* the last octet was a CR */
	uint64_t octets; /* written so far, without the stuffing: what LIST
			    counts */
};

/* Room that letter_write needs for a block of n octets. */
#define LETTER_ROOM(n) (2 * (n))
/* Room that letter_end needs. */
#define LETTER_END 5

/* Before the first block. */
void letter_begin(struct letter *l);

/*
 * Writes the next n octets of the letter to `to`, which has LETTER_ROOM(n).  A
 * LF becomes CRLF, save where a CR stands before it already.  Returns the
 * count written.
 */
size_t letter_write(struct letter *l, const char *data, size_t n, char *to);

/* Room that letter_fill needs to get on. */
#define LETTER_LEAST 4

/*
 * As letter_write, but takes no more octets than it finds room for (at least
 * LETTER_LEAST): moves *data and *n past those that it took.
 */
size_t letter_fill(
    struct letter *l, const char **data, size_t *n, char *to, size_t room);

/*
 * Ends the letter: the CRLF that its last line may lack, and the dot.  Returns
 * the count written.
 */
size_t letter_end(struct letter *l, char to[LETTER_END]);

/*
 * What letter_write and letter_end will have counted as octets, for a letter
 * that lies in one block.
 */
uint64_t letter_octets(const char *data, size_t n);

/* Where TOP ends a letter: the head, the empty line, and some lines. */
struct letter_top {
	uint64_t lines; /* of the body, still to come */
	int in_body;
	int is_empty; /* nothing but a CR in this line up to now */
	int is_done;
};

/* Before the first block; lines: of the body. */
void letter_top_begin(struct letter_top *t, uint64_t lines);

/* How many octets of the next block belong to it; fewer than n only where
 * is_done is set. */
size_t letter_top_cut(struct letter_top *t, const char *data, size_t n);

#endif
