#include "argument.h"

#include <string.h>

/* RFC 2449 3: keywords are of three or four characters, in any case; XCLIENT is
 * none of these standards'. */
int
argument_split(char *line, size_t length, const char **verb, char **rest)
{
	size_t n = strcspn(line, " ");

	if (memchr(line, '\0', length) != NULL || n < 3 || n > ARGUMENT_VERB)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (line[i] >= 'a' && line[i] <= 'z')
			line[i] = (char)(line[i] - 'a' + 'A');
		else if ((line[i] < 'A' || line[i] > 'Z') &&
			 (line[i] < '0' || line[i] > '9'))
			return -1;
	}
	*verb = line;
	*rest = line[n] == ' ' ? line + n + 1 : NULL;
	line[n] = '\0';
	return 0;
}

/* The digits at *at, which is set behind them. */
static const char *
read_number(const char **at, uint64_t *number)
{
	const char *c = *at;
	uint64_t n = 0;

	if (*c == '-')
		return "a negative number";
	for (; *c >= '0' && *c <= '9'; c++)
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, (unsigned)(*c - '0'), &n))
			return "a number that is too large";
	if (c == *at || (*c != ' ' && *c != '\0'))
		return "an argument that is no number";
	*at = c;
	*number = n;
	return NULL;
}

static const char *
read_numbers(const char *c, int with_lines, struct argument *a)
{
	const char *why;

	if ((why = read_number(&c, &a->number)) != NULL)
		return why;
	/* RFC 1939 5: messages are numbered from 1. */
	if (a->number == 0)
		return "a message number that is 0";
	a->given = 1;
	if (with_lines) {
		if (*c++ == '\0')
			return "too few arguments";
		if ((why = read_number(&c, &a->lines)) != NULL)
			return why;
	}
	return *c == '\0' ? NULL : "too many arguments";
}

const char *
argument_read(enum argument_kind kind, const char *rest, struct argument *a)
{
	memset(a, 0, sizeof(*a));
	a->text = "";
	if (rest == NULL)
		return kind == ARGUMENT_NONE || kind == ARGUMENT_MAYBE ||
			       kind == ARGUMENT_WORDS ||
			       kind == ARGUMENT_PERHAPS
			   ? NULL
			   : "too few arguments";
	switch (kind) {
	case ARGUMENT_NONE:
		return "too many arguments";
	case ARGUMENT_WORD:
	case ARGUMENT_MAYBE:
		if (strchr(rest, ' ') != NULL)
			return "too many arguments";
		/* FALLTHROUGH */
	case ARGUMENT_REST:
	case ARGUMENT_WORDS:
		if (rest[0] == '\0')
			return "too few arguments";
		a->text = rest;
		a->given = 1;
		return NULL;
	case ARGUMENT_NUMBER:
	case ARGUMENT_PERHAPS:
		return read_numbers(rest, 0, a);
	case ARGUMENT_NUMBERS:
		return read_numbers(rest, 1, a);
	}
	return "too many arguments";
}
