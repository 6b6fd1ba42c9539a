#include "bulk.h"

#include "bulk_line.h"
#include "csv.h"
#include "near.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What a column's text does to a row: 0, or -1 after a complaint. */
typedef int column_set(struct bulk *b, struct bulk_row *row, char *text);

struct column {
	const char *name;
	column_set *set;
};

static int
set_name(struct bulk *b, struct bulk_row *row, char *text)
{
	return bulk_set_name(b, row, text);
}

static int
set_password(struct bulk *b, struct bulk_row *row, char *text)
{
	return bulk_set_password(b, row, text);
}

static int
set_quota(struct bulk *b, struct bulk_row *row, char *text)
{
	return bulk_set_quota(b, row, text);
}

static int
set_senders(struct bulk *b, struct bulk_row *row, char *text)
{
	if (text[0] == '\0')
		return 0;
	row->fields |= WIRE_IMPORT_SENDERS;
	if (strcmp(text, "none") == 0)
		return 0;
	return bulk_add_items(b, row, text);
}

static int
set_id(struct bulk *b, struct bulk_row *row, const char *text, uint32_t *id)
{
	char *end;
	unsigned long number;

	if (text[0] == '\0')
		return 0;
	errno = 0;
	number = strtoul(text, &end, 10);
	if (errno != 0 || *end != '\0' || number >= UINT32_MAX || *text < '0' ||
	    *text > '9') {
		bulk_complain(b, row->line, "\"%.40s\" is no id", text);
		return -1;
	}
	*id = (uint32_t)number;
	return 0;
}

static int
set_uid(struct bulk *b, struct bulk_row *row, char *text)
{
	return set_id(b, row, text, &row->uid);
}

static int
set_gid(struct bulk *b, struct bulk_row *row, char *text)
{
	return set_id(b, row, text, &row->gid);
}

static int
set_maildir(struct bulk *b, struct bulk_row *row, char *text)
{
	(void)b;
	if (text[0] == '\0')
		return 0;
	row->fields |= WIRE_IMPORT_SYSTEM;
	row->path = bulk_copy(text);
	return row->path == NULL ? -1 : 0;
}

static int
set_targets(struct bulk *b, struct bulk_row *row, char *text)
{
	return bulk_add_items(b, row, text);
}

/* The first of a kind must be there. */
static const struct column domain_columns[] = {{"domain", set_name}, {NULL, 0}};
static const struct column user_columns[] = {{"user", set_name},
    {"password", set_password}, {"quota", set_quota}, {"senders", set_senders},
    {"uid", set_uid}, {"gid", set_gid}, {"maildir", set_maildir}, {NULL, 0}};
static const struct column alias_columns[] = {
    {"alias", set_name}, {"targets", set_targets}, {NULL, 0}};
static const struct column *const columns[WIRE_IMPORT_KINDS] = {
    domain_columns, user_columns, alias_columns};

/* The column of that name, or NULL after a complaint. */
static const struct column *
find_column(
    struct bulk *b, unsigned line, const struct column *all, const char *name)
{
	const char *names[CSV_FIELDS_MAX] = {NULL};
	int i;

	for (i = 0; all[i].name != NULL; i++) {
		if (strcasecmp(all[i].name, name) == 0)
			return &all[i];
		names[i] = all[i].name;
	}
	bulk_complain(b, line,
	    "there is no column \"%.40s\"%s (the first line names the "
	    "columns, and one of them is %s)",
	    name, near_hint(name, names), all[0].name);
	return NULL;
}

/* The first record: which column stands where. */
static int
read_head(struct bulk *b, const struct csv *c, const struct column *all,
    const struct column **order)
{
	int has_name = 0;

	for (unsigned i = 0; i < c->count; i++) {
		order[i] = find_column(b, c->line, all, c->fields[i]);
		if (order[i] == NULL)
			return -1;
		has_name |= order[i] == &all[0];
		for (unsigned k = 0; k < i; k++)
			if (order[k] == order[i]) {
				bulk_complain(b, c->line,
				    "the column %s stands there twice",
				    order[i]->name);
				return -1;
			}
	}
	if (!has_name)
		bulk_complain(
		    b, c->line, "the column %s is missing", all[0].name);
	return has_name ? 0 : -1;
}

/* What belongs together. */
static int
check_row(struct bulk *b, const struct bulk_row *row)
{
	const char *wrong = NULL;

	if (row->kind == WIRE_IMPORT_ALIAS && row->count == 0)
		wrong = "an alias needs a target";
	else if ((row->uid != 0 || row->gid != 0) && row->path == NULL)
		wrong = "uid and gid are those of a maildir, which is missing";
	if (wrong == NULL)
		return 0;
	bulk_complain(b, row->line, "%s", wrong);
	return -1;
}

static int
read_row(struct bulk *b, const struct csv *c, uint8_t kind,
    const struct column *const *order, unsigned count)
{
	struct bulk_row *row = bulk_add(b, kind, c->line);
	int result = 0;

	if (row == NULL)
		return -1;
	if (c->count != count) {
		bulk_complain(b, c->line,
		    "%u fields, where the first line names %u columns",
		    c->count, count);
		bulk_drop(b);
		return 0;
	}
	for (unsigned i = 0; i < count && result == 0; i++)
		result = order[i]->set(b, row, c->fields[i]);
	if (result == 0)
		result = check_row(b, row);
	if (result == -1)
		bulk_drop(b);
	return 0;
}

int
bulk_read_csv(struct bulk *b, FILE *file, uint8_t kind)
{
	const struct column *order[CSV_FIELDS_MAX];
	struct csv c = {.text = NULL};
	unsigned count = 0;
	int result;

	result = csv_read(&c, file);
	if (result == 1) {
		count = c.count;
		result = read_head(b, &c, columns[kind], order) == 0 ? 1 : -2;
	}
	while (result == 1 && (result = csv_read(&c, file)) == 1)
		if (read_row(b, &c, kind, order, count) == -1)
			result = -2;
	if (result == -1)
		bulk_complain(b, c.lines, "%s", c.wrong);
	csv_free(&c);
	return result == 0 ? 0 : -1;
}

static int
read_domain(struct bulk *b, char *line, unsigned number)
{
	char *name = line + strspn(line, " \t"), *rest;
	struct bulk_row *row;

	name[strcspn(name, "#")] = '\0';
	rest = name + strcspn(name, " \t");
	if (rest[strspn(rest, " \t")] != '\0') {
		bulk_complain(b, number,
		    "more than one word: one domain a "
		    "line, or --format csv");
		return 0;
	}
	*rest = '\0';
	if (*name == '\0')
		return 0;
	if ((row = bulk_add(b, WIRE_IMPORT_DOMAIN, number)) == NULL)
		return -1;
	if (bulk_set_name(b, row, name) == -1)
		bulk_drop(b);
	return 0;
}

int
bulk_read_list(struct bulk *b, FILE *file)
{
	struct bulk_line l = {.file = file};
	int result;

	while ((result = bulk_line_next(b, &l)) == 1)
		if (read_domain(b, l.text, l.number) == -1) {
			result = -1;
			break;
		}
	bulk_line_free(&l);
	return result;
}
