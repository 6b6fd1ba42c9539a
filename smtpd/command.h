/*
 * command -- a command line taken apart: verb, argument, MAIL and RCPT
 * parameters (RFC 5321 4.1.1, 4.1.2).  Pure.
 */
#ifndef COMMAND_H
#define COMMAND_H

#include <stddef.h>

/* RFC 5321 4.5.3.1.4, octets with the CRLF. */
#define COMMAND_LINE_MAX 512
/*
 * MAIL and RCPT may be longer: RFC 1870 3 adds 26 octets, RFC 6152 2 adds 17,
 * RFC 6531 3.4 adds 10, RFC 3461 4 adds 107 (8 and 99) to MAIL and 500 to RCPT
 * with 28 for NOTIFY.  One limit does for both.
 */
#define COMMAND_LONG_MAX (COMMAND_LINE_MAX + 26 + 17 + 10 + 107 + 500 + 28)
/* RFC 4954 4: AUTH with its initial response. */
#define COMMAND_AUTH_MAX 12290

/*
 * Splits line (a string) in place.  *verb gets its first word, and the result
 * is the rest without the white space around it (RFC 5321 4.1.1: trailing
 * white space is tolerated), "" for none.
 */
char *command_split(char *line, char **verb);

/*
 * What follows prefix ("FROM:"), in either case, at the beginning of text;
 * NULL where something else stands there.  Spaces after the colon are passed
 * over: RFC 5321 3.3 forbids them to clients, of which many send them.
 */
const char *command_after(const char *text, const char *prefix);

/* One esmtp-param, as slices of the command line. */
struct command_param {
	const char *keyword;
	size_t keyword_length;
	const char *value; /* NULL: there is no "=" */
	size_t value_length;
};

/*
 * Takes the next parameter from *text, which moves on.  Returns 1 with *p
 * filled, 0 at the end of the line, -1 for a syntax error.
 */
int command_param(const char **text, struct command_param *p);

/* Whether the slice is the word, in either case. */
int command_is(const char *text, size_t length, const char *word);

/*
 * A size-value (RFC 1870 3: 1 to 20 digits) as octets; one that does not fit
 * is LLONG_MAX.  0, or -1 where p's value is none.
 */
int command_size(const struct command_param *p, long long *octets);

#endif
