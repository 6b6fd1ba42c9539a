/* Dovecot's passwd-file: user:password:uid:gid:gecos:home:shell:extra, of which
 * all but the user may be missing. */
#include "bulk.h"

#include "bulk_line.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { USER, PASSWORD, UID, GID, GECOS, HOME, SHELL, EXTRA, FIELDS };

/* "1G" of storage; Dovecot counts in KiB where no unit stands.  0 or -1. */
static int
read_size(const char *text, uint64_t unit, uint64_t *octets)
{
	static const char units[] = "bkmgt";
	const char *found;
	uint64_t number;
	char *end;

	errno = 0;
	number = strtoull(text, &end, 10);
	if (errno != 0 || *text < '0' || *text > '9')
		return -1;
	if (*end != '\0') {
		char small = (char)(*end | 0x20);

		if ((found = strchr(units, small)) == NULL || end[1] != '\0')
			return -1;
		unit = 1ULL << (10 * (found - units));
	}
	if (number > (uint64_t)INT64_MAX / unit)
		return -1;
	*octets = number * unit;
	return 0;
}

/* One of a rule's limits. */
static int
read_limit(struct bulk_row *row, const char *one)
{
	if (strncmp(one, "storage=", 8) == 0)
		return read_size(one + 8, 1024, &row->octets);
	if (strncmp(one, "bytes=", 6) == 0)
		return read_size(one + 6, 1, &row->octets);
	if (strncmp(one, "messages=", 9) == 0)
		return read_size(one + 9, 1, &row->messages);
	return strcmp(one, "ignore") == 0 ? 0 : -1;
}

/* "*:storage=1G:messages=1000". */
static int
read_rule(struct bulk *b, struct bulk_row *row, const char *text)
{
	char copy[256], *rest = copy, *one;

	if ((size_t)snprintf(copy, sizeof(copy), "%s", text) >= sizeof(copy)) {
		bulk_complain(b, row->line, "its quota rule is too long");
		return -1;
	}
	if ((one = strsep(&rest, ":")) == NULL || strcmp(one, "*") != 0) {
		b->skipped++; /* of some folder that POP3 does not show */
		return 0;
	}
	row->fields |= WIRE_IMPORT_QUOTA;
	row->own = 1;
	while ((one = strsep(&rest, ":")) != NULL)
		if (read_limit(row, one) == -1) {
			bulk_complain(b, row->line,
			    "\"%.80s\" is no quota rule that is known here: "
			    "write *:storage=1G:messages=1000",
			    text);
			return -1;
		}
	return 0;
}

static int
set_path(struct bulk_row *row, const char *home, const char *rest)
{
	char path[WIRE_NAME_MAX];

	if ((size_t)snprintf(path, sizeof(path), "%s%s", home, rest) >=
	    sizeof(path))
		return -1;
	free(row->path);
	row->path = bulk_copy(path);
	return row->path == NULL ? -1 : 0;
}

/* "maildir:~/Maildir:INDEX=...". */
static int
read_mail(struct bulk *b, struct bulk_row *row, const char *home, char *text)
{
	if (!b->options.is_system) {
		b->skipped++;
		return 0;
	}
	if (strncmp(text, "maildir:", 8) == 0) {
		text += 8;
		text[strcspn(text, ":")] = '\0';
		if (strncmp(text, "~/", 2) == 0)
			return set_path(row, home, text + 1);
		if (*text == '/')
			return set_path(row, text, "");
	}
	bulk_complain(b, row->line,
	    "mail \"%.80s\" is no Maildir: convert the mailbox first", text);
	return -1;
}

/* One of the fields that Dovecot has besides. */
static int
read_extra(struct bulk *b, struct bulk_row *row, const char *home, char *one)
{
	if (strncmp(one, "userdb_quota_rule=", 18) == 0)
		return read_rule(b, row, one + 18);
	if (strncmp(one, "userdb_mail=", 12) == 0)
		return read_mail(b, row, home, one + 12);
	if (strncmp(one, "userdb_", 7) == 0 || b->options.is_lax) {
		b->skipped++;
		return 0;
	}
	/* Such as nologin or allow_nets: what they keep off would get in. */
	bulk_complain(b, row->line,
	    "the field \"%.80s\" has no counterpart here: take it out, or "
	    "give --lax to pass over all such",
	    one);
	return -1;
}

static int
read_id(struct bulk *b, struct bulk_row *row, const char *text, uint32_t *id)
{
	char *end;
	unsigned long number;

	errno = 0;
	number = strtoul(text, &end, 10);
	if (errno == 0 && *end == '\0' && *text >= '0' && *text <= '9' &&
	    number < UINT32_MAX) {
		*id = (uint32_t)number;
		return 0;
	}
	bulk_complain(b, row->line,
	    "\"%.40s\" is no id: with --system, uid, gid and home must stand "
	    "in the line",
	    text);
	return -1;
}

static int
read_system(struct bulk *b, struct bulk_row *row, char *const fields[FIELDS])
{
	if (!b->options.is_system) {
		b->skipped += *fields[HOME] != '\0';
		return 0;
	}
	row->fields |= WIRE_IMPORT_SYSTEM;
	if (read_id(b, row, fields[UID], &row->uid) == -1 ||
	    read_id(b, row, fields[GID], &row->gid) == -1)
		return -1;
	if (*fields[HOME] == '/' &&
	    set_path(row, fields[HOME], "/Maildir") == 0)
		return 0;
	bulk_complain(b, row->line, "\"%.80s\" is no home that can be used",
	    fields[HOME]);
	return -1;
}

static int
read_fields(struct bulk *b, struct bulk_row *row, char *const fields[FIELDS])
{
	char *rest = fields[EXTRA], *one;

	if (bulk_set_name(b, row, fields[USER]) == -1 ||
	    bulk_set_password(b, row, fields[PASSWORD]) == -1 ||
	    read_system(b, row, fields) == -1)
		return -1;
	while ((one = strsep(&rest, " \t")) != NULL)
		if (*one != '\0' && read_extra(b, row, fields[HOME], one) == -1)
			return -1;
	return 0;
}

static int
read_line(struct bulk *b, char *line, unsigned number)
{
	static char empty[1];
	char *fields[FIELDS], *rest = line;
	struct bulk_row *row;

	for (int i = 0; i < FIELDS; i++) {
		/* A quota rule has colons of its own. */
		fields[i] = i < EXTRA ? strsep(&rest, ":") : rest;
		if (fields[i] == NULL)
			fields[i] = empty;
	}
	if ((row = bulk_add(b, WIRE_IMPORT_USER, number)) == NULL)
		return -1;
	if (read_fields(b, row, fields) == -1)
		bulk_drop(b);
	return 0;
}

int
bulk_read_passwd(struct bulk *b, FILE *file)
{
	struct bulk_line l = {.file = file};
	int result;

	while ((result = bulk_line_next(b, &l)) == 1)
		if (l.text[0] != '#' && l.text[strspn(l.text, " \t")] != '\0' &&
		    (result = read_line(b, l.text, l.number)) == -1)
			break;
	bulk_line_free(&l);
	return result;
}
