#include "conf_dump.h"

#include "program.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* All settings of a program, with what they may hold. */
#define DUMP_MAX 262144

int
conf_dump_read(struct conf_dump *d, const char *name, const char *folder)
{
	return conf_dump_ask(d, name, folder, NULL, 0);
}

int
conf_dump_ask(struct conf_dump *d, const char *name, const char *folder,
    char *why, size_t size)
{
	static const char *const options[] = {"-d", "all", NULL};

	if ((d->text = malloc(DUMP_MAX)) == NULL) {
		warn("the conf of %s", name);
		return -1;
	}
	if (program_ask(name, folder, options, d->text, DUMP_MAX, why, size) ==
	    0)
		return 0;
	conf_dump_free(d);
	return -1;
}

void
conf_dump_free(struct conf_dump *d)
{
	free(d->text);
	d->text = NULL;
}

/* Where the setting's value begins, and its octets; NULL. */
static const char *
find(const struct conf_dump *d, const char *setting, size_t *length)
{
	size_t n = strlen(setting);
	const char *line = d->text, *end, *place;

	while (line != NULL && *line != '\0') {
		end = line + strcspn(line, "\n");
		if (strncmp(line, setting, n) == 0 &&
		    strncmp(line + n, " = ", 3) == 0) {
			line += n + 3;
			for (place = end; place > line; place--)
				if (strncmp(place, "\t# ", 3) == 0)
					break;
			*length = (size_t)(place - line);
			return line;
		}
		line = *end == '\0' ? NULL : end + 1;
	}
	return NULL;
}

int
conf_dump_value(
    const struct conf_dump *d, const char *setting, char *value, size_t size)
{
	const char *from;
	size_t length = 0;

	value[0] = '\0';
	if ((from = find(d, setting, &length)) == NULL)
		return -1;
	if (length >= 2 && from[0] == '"' && from[length - 1] == '"') {
		from++;
		length -= 2;
	}
	snprintf(value, size, "%.*s", (int)length, from);
	return 0;
}

int
conf_dump_place(
    const struct conf_dump *d, const char *setting, char *place, size_t size)
{
	const char *from;
	size_t length = 0;

	place[0] = '\0';
	if ((from = find(d, setting, &length)) == NULL)
		return -1;
	from += length + 3;
	snprintf(place, size, "%.*s", (int)strcspn(from, ",\n"), from);
	return 0;
}

int
conf_dump_next(
    const struct conf_dump *d, const char *prefix, char *setting, size_t size)
{
	const char *line = d->text;
	size_t length = 0, n = strlen(prefix);

	if (setting[0] != '\0') {
		line = find(d, setting, &length);
		line = line == NULL ? NULL : strchr(line, '\n');
	}
	for (; line != NULL; line = strchr(line, '\n')) {
		line += *line == '\n';
		length = strcspn(line, " =\n");
		if (strncmp(line, prefix, n) != 0 || length >= size)
			continue;
		snprintf(setting, size, "%.*s", (int)length, line);
		return 0;
	}
	return -1;
}

char *
conf_dump_item(char **rest)
{
	char *from = strchr(*rest, '"'), *end;

	if (from == NULL || (end = strchr(from + 1, '"')) == NULL)
		return NULL;
	*end = '\0';
	*rest = end + 1;
	return from + 1;
}
