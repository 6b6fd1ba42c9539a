/* Any line as a command with any kind of arguments. */
#include "../../pop3d/argument.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_verb(const char *verb)
{
	size_t n = strlen(verb);

	if (n < 3 || n > ARGUMENT_VERB ||
	    strspn(verb, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != n)
		abort();
}

static void
check_argument(enum argument_kind kind, const char *rest)
{
	struct argument a;

	if (argument_read(kind, rest, &a) != NULL)
		return;
	if (kind >= ARGUMENT_NUMBER && rest != NULL && a.number == 0)
		abort();
	if ((kind == ARGUMENT_WORD || kind == ARGUMENT_REST ||
		(kind == ARGUMENT_MAYBE && a.given)) &&
	    a.text[0] == '\0')
		abort();
	if (kind == ARGUMENT_NONE && rest != NULL)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *line = malloc(size + 1), *rest;
	const char *verb;

	if (line == NULL)
		abort();
	memcpy(line, data, size);
	line[size] = '\0';
	if (argument_split(line, size, &verb, &rest) == 0) {
		check_verb(verb);
		for (int kind = ARGUMENT_NONE; kind <= ARGUMENT_NUMBERS; kind++)
			check_argument((enum argument_kind)kind, rest);
	}
	free(line);
	return 0;
}
