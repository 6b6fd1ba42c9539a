#include "csv.h"

#include "bulk_line.h"

#include <stdlib.h>
#include <string.h>

/* A record's octets at most. */
#define RECORD_MOST (1U << 20)

static int
wrong(struct csv *c, const char *why)
{
	c->wrong = why;
	return -1;
}

/* Appends the file's next line to the text, which has length octets: its
 * octets, 0 at the end, or -1. */
static ssize_t
read_line(struct csv *c, FILE *file, size_t length)
{
	char *line = NULL, *grown;
	size_t room = 0, n;
	ssize_t got = getline(&line, &room, file);

	if (got <= 0) {
		free(line);
		return ferror(file) ? wrong(c, "it can't be read") : 0;
	}
	n = (size_t)got;
	c->lines++;
	if (memchr(line, '\0', n) != NULL || length + n > RECORD_MOST) {
		explicit_bzero(line, n);
		free(line);
		return wrong(c, "a NUL octet, or a record of more than 1 MiB: "
				"is a quote missing?");
	}
	if (length + n + 1 > c->size) {
		if ((grown = malloc(2 * (length + n + 1))) == NULL) {
			explicit_bzero(line, n);
			free(line);
			return wrong(c, "there is no memory for it");
		}
		if (length > 0)
			memcpy(grown, c->text, length);
		if (c->text != NULL)
			explicit_bzero(c->text, c->size);
		free(c->text);
		c->text = grown;
		c->size = 2 * (length + n + 1);
	}
	memcpy(c->text + length, line, n + 1);
	explicit_bzero(line, n);
	free(line);
	if (c->lines == 1) {
		bulk_line_unmark(c->text);
		got = (ssize_t)strlen(c->text);
	}
	return got;
}

/* Whether the text ends within quotes. */
static int
is_open(const char *text)
{
	int open = 0;

	for (; *text != '\0'; text++)
		open ^= *text == '"';
	return open;
}

/* Takes a field's quotes off in place; behind it, or NULL. */
static char *
unquote(char *from)
{
	char *to = from, *c = from + 1;

	for (;;) {
		if (*c == '\0')
			return NULL;
		if (*c == '"' && c[1] != '"')
			break;
		c += *c == '"';
		*to++ = *c++;
	}
	*to = '\0';
	return c + 1;
}

/* RFC 4180 2: the fields of a whole record. */
static int
split(struct csv *c)
{
	char *at = c->text, *end, sign;
	size_t length = strlen(at);

	if (length > 0 && at[length - 1] == '\n')
		at[--length] = '\0';
	if (length > 0 && at[length - 1] == '\r')
		at[--length] = '\0';
	for (c->count = 0;;) {
		if (c->count == CSV_FIELDS_MAX)
			return wrong(c, "it has too many fields");
		c->fields[c->count++] = at;
		end = *at == '"' ? unquote(at) : at + strcspn(at, ",");
		if (end == NULL || (*end != ',' && *end != '\0'))
			return wrong(c, "something stands behind a quote");
		sign = *end;
		*end = '\0';
		if (sign == '\0')
			return 1;
		at = end + 1;
	}
}

int
csv_read(struct csv *c, FILE *file)
{
	ssize_t n;
	size_t length;

	do {
		if ((n = read_line(c, file, 0)) <= 0)
			return (int)n;
		c->line = c->lines;
	} while (
	    c->text[0] == '#' || c->text[strspn(c->text, " \t\r\n")] == '\0');
	for (length = (size_t)n; is_open(c->text); length += (size_t)n)
		if ((n = read_line(c, file, length)) <= 0)
			return wrong(c, c->wrong != NULL
					    ? c->wrong
					    : "a quote is not closed");
	return split(c);
}

void
csv_free(struct csv *c)
{
	if (c->text != NULL)
		explicit_bzero(c->text, c->size);
	free(c->text);
	*c = (struct csv){.text = NULL};
}

void
csv_put(FILE *file, const char *text, int is_first)
{
	if (!is_first)
		fputc(',', file);
	if (text[strcspn(text, ",\"\r\n#")] == '\0') {
		fputs(text, file);
		return;
	}
	fputc('"', file);
	for (; *text != '\0'; text++) {
		if (*text == '"')
			fputc('"', file);
		fputc(*text, file);
	}
	fputc('"', file);
}
