/* Postfix's aliases(5), "name: target, target", and virtual(5), "address
 * target, target"; in both, a line that begins with a blank goes on. */
#include "bulk.h"

#include "bulk_line.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>

#define BLANKS " \t"
/* A logical line's octets at most. */
#define LINE_MOST (1U << 20)

/* One logical line, gathered. */
struct gathered {
	char *text;
	size_t length;
	unsigned line; /* where it began; 0: there is none */
};

static int
append(struct bulk *b, struct gathered *g, const char *text)
{
	size_t n = strlen(text);
	char *grown;

	if (g->length + n > LINE_MOST) {
		bulk_complain(b, g->line, "this line is longer than 1 MiB");
		return -1;
	}
	if ((grown = realloc(g->text, g->length + n + 2)) == NULL) {
		warn("%s", b->file);
		return -1;
	}
	g->text = grown;
	memcpy(grown + g->length, text, n + 1);
	g->length += n;
	return 0;
}

/* A target that is no address of ours. */
static int
check_target(struct bulk *b, struct bulk_row *row, const char *target)
{
	const char *why = NULL;

	if (*target == '|')
		why = "a program can't get mail here: let it fetch from a "
		      "mailbox";
	else if (*target == '/')
		why = "mail can't be written to a file: add a user, and read "
		      "his Maildir";
	else if (*target == '@')
		why = "mail for a whole domain can't keep its names: name a "
		      "user";
	else if (strncmp(target, ":include:", 9) == 0 &&
		 strchr(target, '/') != NULL)
		why = "a list lies in the folder that lists in helpers.conf "
		      "names: put the file there, and write :include:NAME";
	if (why == NULL)
		return bulk_add_item(b, row, target);
	bulk_complain(b, row->line, "%.80s: %s", target, why);
	return -1;
}

/* Cuts the next target off; NULL at the end.  Quotes hold blanks and commas
 * together, as in "|program with arguments". */
static char *
next_target(char **rest)
{
	char *from = *rest + strspn(*rest, ", \t"), *to = from, *c = from;
	int quoted = 0;

	if (*from == '\0')
		return NULL;
	for (; *c != '\0' && (quoted || strchr(", \t", *c) == NULL); c++) {
		if (*c == '"')
			quoted = !quoted;
		else
			*to++ = *c;
	}
	*rest = *c == '\0' ? c : c + 1;
	*to = '\0';
	return from;
}

static int
add_alias(struct bulk *b, unsigned line, const char *name, char *targets)
{
	struct bulk_row *row = bulk_add(b, WIRE_IMPORT_ALIAS, line);
	char *one;
	int result;

	if (row == NULL)
		return -1;
	result = bulk_set_name(b, row, name);
	while (result == 0 && (one = next_target(&targets)) != NULL)
		result = check_target(b, row, one);
	if (result == 0 && row->count == 0) {
		bulk_complain(b, line, "%.80s has no target", name);
		result = -1;
	}
	if (result == -1)
		bulk_drop(b);
	return 0;
}

/* "name: targets" */
static int
take_alias(struct bulk *b, struct gathered *g)
{
	char *name = g->text, *colon;

	if (*name == '"') {
		name++;
		colon = strchr(name, '"');
		if (colon != NULL)
			*colon++ = '\0';
	} else {
		colon = name + strcspn(name, ": \t");
	}
	if (colon != NULL && *colon != ':') {
		char *at = colon + strspn(colon, BLANKS);

		*colon = '\0';
		colon = at;
	}
	if (colon == NULL || *colon != ':') {
		bulk_complain(b, g->line,
		    "no \"name: target\": is this a virtual map (--format "
		    "virtual)?");
		return 0;
	}
	*colon = '\0';
	return add_alias(b, g->line, name, colon + 1);
}

/* "address targets", or "domain anything", which says that the domain is
 * ours. */
static int
take_virtual(struct bulk *b, struct gathered *g)
{
	size_t length = strcspn(g->text, BLANKS);
	char *targets = g->text + length;
	struct bulk_row *row;

	if (*targets != '\0')
		*targets++ = '\0';
	if (length > 0 && g->text[length - 1] == ':') {
		bulk_complain(b, g->line,
		    "no \"address target\": is this a file of aliases "
		    "(--format aliases)?");
		return 0;
	}
	if (strchr(g->text, '@') != NULL || strchr(g->text, '.') == NULL)
		return add_alias(b, g->line, g->text, targets);
	if ((row = bulk_add(b, WIRE_IMPORT_DOMAIN, g->line)) == NULL)
		return -1;
	if (bulk_set_name(b, row, g->text) == -1)
		bulk_drop(b);
	return 0;
}

static int
take(struct bulk *b, struct gathered *g,
    int (*one)(struct bulk *b, struct gathered *g))
{
	int result = g->line == 0 ? 0 : one(b, g);

	g->line = 0;
	g->length = 0;
	return result;
}

static int
read_lines(
    struct bulk *b, FILE *file, int (*one)(struct bulk *b, struct gathered *g))
{
	struct gathered g = {.text = NULL};
	struct bulk_line l = {.file = file};
	int result;

	while ((result = bulk_line_next(b, &l)) == 1) {
		const char *begin = l.text + strspn(l.text, BLANKS);

		if (*begin == '\0' || *begin == '#')
			continue;
		if (begin == l.text) {
			if (take(b, &g, one) == -1)
				break;
			g.line = l.number;
		} else if (g.line == 0) {
			bulk_complain(b, l.number,
			    "this goes on with a line that is not there: no "
			    "blank may stand before it");
			continue;
		}
		if (append(b, &g, l.text) == -1)
			break;
	}
	if (result == 0)
		result = take(b, &g, one);
	free(g.text);
	bulk_line_free(&l);
	return result == 0 ? 0 : -1;
}

int
bulk_read_aliases(struct bulk *b, FILE *file)
{
	return read_lines(b, file, take_alias);
}

int
bulk_read_virtual(struct bulk *b, FILE *file)
{
	return read_lines(b, file, take_virtual);
}
