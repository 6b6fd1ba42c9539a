/*
 * argument -- the arguments of a POP3 command, read strictly.
 */
#ifndef ARGUMENT_H
#define ARGUMENT_H

#include <stddef.h>
#include <stdint.h>

/* What a command's row in the table asks for. */
enum argument_kind {
	ARGUMENT_NONE,
	ARGUMENT_WORD,	  /* one, without spaces */
	ARGUMENT_MAYBE,	  /* likewise, or nothing */
	ARGUMENT_REST,	  /* all of the line; spaces belong to it */
	ARGUMENT_WORDS,	  /* likewise, or nothing */
	ARGUMENT_NUMBER,  /* a message number */
	ARGUMENT_PERHAPS, /* a message number, or nothing */
	ARGUMENT_NUMBERS  /* a message number and a number of lines */
};

/* Octets of the longest verb; the shortest has 3. */
#define ARGUMENT_VERB 7

struct argument {
	const char *text; /* all but numbers: borrowed from the line */
	int given;	  /* MAYBE, WORDS and PERHAPS: whether it was */
	uint64_t number;  /* 1 or more; whether there is such a message
			     is the maildrop's to say */
	uint64_t lines;	  /* NUMBERS: 0 or more */
};

/*
 * Cuts a line (length octets, with a NUL behind) into *verb, which is written
 * in capitals in place, and *rest, which is NULL where no space follows the
 * verb.  Both are borrowed from line.  Returns 0, or -1 where the line is no
 * command at all: no verb of letters and digits, or a NUL inside.
 */
int argument_split(char *line, size_t length, const char **verb, char **rest);

/*
 * Reads rest (NULL: nothing stands there) as kind asks.  Returns NULL with *a
 * filled, or what is wrong, for people: a static text without a line's end.
 */
const char *
argument_read(enum argument_kind kind, const char *rest, struct argument *a);

#endif
