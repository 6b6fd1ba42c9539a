#include "bulk.h"

#include "quota.h"

#include <err.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Lines that are complained of one by one. */
#define COMPLAINTS    100
#define COMPLAINT_MAX 1024
#define BLANKS	      ", \t\r\n"

struct bulk_row *
bulk_add(struct bulk *b, uint8_t kind, unsigned line)
{
	size_t room = b->room == 0 ? 256 : 2 * b->room;
	struct bulk_row *rows;

	if (b->count == b->room) {
		rows = reallocarray(b->rows, room, sizeof(*rows));
		if (rows == NULL) {
			warn("%s", b->file);
			return NULL;
		}
		b->rows = rows;
		b->room = room;
	}
	rows = &b->rows[b->count++];
	*rows = (struct bulk_row){.kind = kind, .line = line};
	return rows;
}

static void
wipe(char *text)
{
	if (text != NULL)
		explicit_bzero(text, strlen(text));
	free(text);
}

static void
free_row(struct bulk_row *row)
{
	wipe(row->name);
	wipe(row->secret);
	wipe(row->path);
	for (uint32_t i = 0; i < row->count; i++)
		free(row->list[i]);
	free(row->list);
}

void
bulk_drop(struct bulk *b)
{
	free_row(&b->rows[--b->count]);
}

void
bulk_free(struct bulk *b)
{
	while (b->count > 0)
		bulk_drop(b);
	free(b->rows);
	b->rows = NULL;
	b->room = 0;
}

void
bulk_complain(struct bulk *b, unsigned line, const char *format, ...)
{
	char text[COMPLAINT_MAX];
	va_list ap;

	if (b->wrong++ == COMPLAINTS)
		fprintf(stderr, "%s: more lines are wrong\n", b->file);
	if (b->wrong > COMPLAINTS)
		return;
	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	/* What stands in a file does nothing to a terminal. */
	for (char *c = text; *c != '\0'; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	fprintf(stderr, "%s:%u: %s\n", b->file, line, text);
}

char *
bulk_copy(const char *text)
{
	char *copy = strdup(text);

	if (copy == NULL)
		warn("no memory");
	return copy;
}

/* The name with a domain, as a copy; NULL after a complaint. */
static char *
complete(struct bulk *b, unsigned line, const char *name)
{
	char whole[2 * WIRE_NAME_MAX];
	int length;

	if (name[0] == '\0') {
		bulk_complain(b, line, "a name is empty");
		return NULL;
	}
	if (strchr(name, '@') == NULL && b->options.domain == NULL) {
		bulk_complain(b, line,
		    "%.80s has no domain: write user@domain, or give "
		    "--domain DOMAIN",
		    name);
		return NULL;
	}
	length = snprintf(whole, sizeof(whole), "%s%s%s", name,
	    strchr(name, '@') == NULL ? "@" : "",
	    strchr(name, '@') == NULL ? b->options.domain : "");
	if (length < WIRE_NAME_MAX)
		return bulk_copy(whole);
	bulk_complain(b, line, "%.80s... is too long: at most %d octets", name,
	    WIRE_NAME_MAX - 1);
	return NULL;
}

int
bulk_set_name(struct bulk *b, struct bulk_row *row, const char *name)
{
	if (row->kind != WIRE_IMPORT_DOMAIN)
		row->name = complete(b, row->line, name);
	else if (strlen(name) < WIRE_NAME_MAX && name[0] != '\0')
		row->name = bulk_copy(name);
	else
		bulk_complain(b, row->line, "this is no domain");
	return row->name == NULL ? -1 : 0;
}

int
bulk_add_item(struct bulk *b, struct bulk_row *row, const char *item)
{
	char **list, *copy;

	if (row->count == WIRE_TARGETS_MAX) {
		bulk_complain(b, row->line,
		    "more than %d addresses: put them into a list file "
		    "(:include:NAME)",
		    WIRE_TARGETS_MAX);
		return -1;
	}
	if (strncmp(item, ":include:", 9) == 0 && strlen(item) < WIRE_NAME_MAX)
		copy = bulk_copy(item);
	else
		copy = complete(b, row->line, item);
	list = reallocarray(row->list, row->count + 1, sizeof(*list));
	if (list != NULL)
		row->list = list;
	if (list == NULL || copy == NULL) {
		free(copy);
		return -1;
	}
	row->list[row->count++] = copy;
	return 0;
}

int
bulk_add_items(struct bulk *b, struct bulk_row *row, char *text)
{
	char *rest = text, *one;

	while ((one = strsep(&rest, BLANKS)) != NULL)
		if (*one != '\0' && bulk_add_item(b, row, one) == -1)
			return -1;
	return 0;
}

/* How a scheme of Dovecot's is taken: its password is behind it as this. */
static const struct scheme {
	const char *name;
	int way;
} schemes[] = {{"CRYPT", WIRE_IMPORT_HASH}, {"SHA512-CRYPT", WIRE_IMPORT_HASH},
    {"SHA256-CRYPT", WIRE_IMPORT_HASH}, {"BLF-CRYPT", WIRE_IMPORT_HASH},
    {"ARGON2ID", WIRE_IMPORT_HASH}, {"PLAIN", WIRE_IMPORT_PLAIN_TEXT},
    {"CLEAR", WIRE_IMPORT_PLAIN_TEXT}, {"CLEARTEXT", WIRE_IMPORT_PLAIN_TEXT},
    {"PAM", WIRE_IMPORT_PAM}, {NULL, 0}};

/* Puts the password, which is none of an unknown scheme. */
static int
put_password(
    struct bulk *b, struct bulk_row *row, uint8_t way, const char *text)
{
	size_t room =
	    way == WIRE_IMPORT_HASH ? WIRE_HASH_MAX : WIRE_PASSWORD_MAX;

	if (strlen(text) >= room ||
	    (text[0] == '\0' && way != WIRE_IMPORT_PAM)) {
		bulk_complain(b, row->line,
		    "the password is empty, or longer than %zu octets",
		    room - 1);
		return -1;
	}
	row->fields |= WIRE_IMPORT_PASSWORD;
	row->way = way;
	row->secret = bulk_copy(text);
	return row->secret == NULL ? -1 : 0;
}

int
bulk_set_password(struct bulk *b, struct bulk_row *row, const char *text)
{
	const struct scheme *s = schemes;
	const char *end = strchr(text, '}');
	size_t length;

	if (text[0] == '\0')
		return 0;
	if (text[0] == '$')
		return put_password(b, row, WIRE_IMPORT_HASH, text);
	if (text[0] != '{' || end == NULL) {
		bulk_complain(b, row->line,
		    "the password is no {SCHEME}TEXT and no hash that begins "
		    "with $; write {PLAIN} before one in clear");
		return -1;
	}
	length = (size_t)(end - text) - 1;
	while (
	    s->name != NULL && (strlen(s->name) != length ||
				   strncasecmp(s->name, text + 1, length) != 0))
		s++;
	if (s->name != NULL)
		return put_password(b, row, (uint8_t)s->way, end + 1);
	bulk_complain(b, row->line,
	    "passwords of the scheme %.*s can't be taken over: leave it empty "
	    "and set a new one later, or let the old server judge it (mailctl "
	    "user backend --learn)",
	    (int)(length < 40 ? length + 2 : 40), text);
	return -1;
}

int
bulk_set_quota(struct bulk *b, struct bulk_row *row, const char *text)
{
	if (text[0] == '\0')
		return 0;
	row->fields |= WIRE_IMPORT_QUOTA;
	if (strcmp(text, "default") == 0)
		return 0;
	row->own = 1;
	if (strcmp(text, "none") == 0 ||
	    quota_parse(text, &row->octets, &row->messages) == 0)
		return 0;
	bulk_complain(b, row->line,
	    "\"%.40s\" is no quota: write 500M, 500M,1000, none or default",
	    text);
	return -1;
}
