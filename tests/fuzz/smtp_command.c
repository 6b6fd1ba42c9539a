/*
 * smtp_command -- a command line: its verb, its path and its parameters, whose
 * slices lie inside the line, and DSN's values, which decode to nothing that
 * breaks out of a header field.
 */
#include "../../smtpd/address.h"
#include "../../smtpd/command.h"
#include "../../smtpd/dsn.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_value(const struct command_param *p)
{
	char *value = strndup(p->value, p->value_length), decoded[1024];
	long long octets;

	if (value == NULL)
		return;
	dsn_notify(p->value, p->value_length);
	dsn_ret(p->value, p->value_length);
	command_size(p, &octets);
	if ((dsn_is_xtext(p->value, p->value_length) ||
		dsn_is_orcpt(p->value, p->value_length, 1)) &&
	    dsn_decode(value, decoded, sizeof(decoded)) >= 0)
		for (const char *c = decoded; *c != '\0'; c++)
			if ((unsigned char)*c < ' ' || *c == 0x7f)
				abort();
	free(value);
}

static void
check_params(const char *text, const char *end)
{
	struct command_param p;

	while (command_param(&text, &p) == 1) {
		if (p.keyword_length == 0 || text > end ||
		    p.keyword + p.keyword_length > end)
			abort();
		if (p.value == NULL)
			continue;
		if (p.value_length == 0 || p.value + p.value_length > end)
			abort();
		check_value(&p);
	}
}

static void
check_line(char *line, size_t length)
{
	char *verb, *argument = command_split(line, &verb);
	const char *path = command_after(argument, "FROM:");
	const char *end = line + length;
	struct address a;
	size_t used;

	if (verb != line || argument < line || argument > end)
		abort();
	if (path == NULL ||
	    address_path(path, strlen(path), ADDRESS_NULL | ADDRESS_UTF8, &a,
		&used) != ADDRESS_OK)
		return;
	if (path + used > end)
		abort();
	check_params(path + used, end);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *line = malloc(size + 1);

	if (line == NULL)
		return 0;
	memcpy(line, data, size);
	line[size] = '\0';
	check_line(line, strlen(line));
	free(line);
	return 0;
}
