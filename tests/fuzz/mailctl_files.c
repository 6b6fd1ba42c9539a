/*
 * mailctl_files -- files that mailctl reads: of users, aliases and domains in
 * each format that import knows, and lines of logs.
 *
 * Input: an octet that chooses the format and its options, and the file.  What
 * was read has to be sound: names and lists that can be sent, lines that count
 * up, an order in which each row stands once; nothing is read without a name.
 */
#include "../../mailctl/bulk_order.h"
#include "../../mailctl/log_entry.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Complaints are many here. */
static void
be_silent(void)
{
	FILE *nothing = fopen("/dev/null", "we");

	if (nothing == NULL)
		abort();
	stderr = nothing;
}

static void
check_row(const struct bulk_row *row)
{
	if (row->line == 0 || row->kind >= WIRE_IMPORT_KINDS ||
	    (row->fields & ~WIRE_IMPORT_FIELDS) != 0 || row->name == NULL ||
	    row->name[0] == '\0' || strlen(row->name) >= WIRE_NAME_MAX ||
	    row->way >= WIRE_IMPORT_WAYS || row->count > WIRE_TARGETS_MAX)
		abort();
	if (row->fields & WIRE_IMPORT_PASSWORD &&
	    (row->way == WIRE_IMPORT_HASH ||
		row->way == WIRE_IMPORT_PLAIN_TEXT) &&
	    row->secret == NULL)
		abort();
	if (row->fields & WIRE_IMPORT_SYSTEM && row->path == NULL)
		abort();
	for (uint32_t i = 0; i < row->count; i++)
		if (strlen(row->list[i]) >= WIRE_NAME_MAX)
			abort();
}

static void
check_rows(const struct bulk *b)
{
	struct bulk_order o;

	for (size_t i = 0; i < b->count; i++)
		check_row(&b->rows[i]);
	if (bulk_order_make(&o, b) == -1)
		abort();
	for (size_t i = 0; i < b->count; i++) {
		const struct bulk_row *row = o.rows[i];

		if (row < b->rows || row >= b->rows + b->count)
			abort();
		for (size_t k = 0; k < i && b->count < 100; k++)
			if (o.rows[k] == row)
				abort();
	}
	bulk_order_free(&o);
}

static void
read_import(uint8_t how, FILE *file)
{
	struct bulk b = {.file = "f",
	    .options = {.domain = how & 8 ? "x.test" : NULL,
		.is_system = (how & 16) != 0,
		.is_lax = (how & 32) != 0}};

	switch (how % 8) {
	case 0:
	case 1:
	case 2:
		bulk_read_csv(&b, file, how % 8);
		break;
	case 3:
		bulk_read_passwd(&b, file);
		break;
	case 4:
		bulk_read_list(&b, file);
		break;
	case 5:
		bulk_read_aliases(&b, file);
		break;
	default:
		bulk_read_virtual(&b, file);
	}
	check_rows(&b);
	bulk_free(&b);
}

static void
read_log(FILE *file)
{
	struct log_entry e;
	char *line = NULL;
	size_t room = 0;

	while (getline(&line, &room, file) > 0) {
		if (log_entry_parse(&e, line) == -1)
			continue;
		if (e.program == NULL || e.event == NULL ||
		    e.count > LOG_ENTRY_FIELDS)
			abort();
		for (unsigned i = 0; i < e.count; i++)
			if (strlen(e.fields[i].key) > room ||
			    (e.fields[i].value != NULL &&
				strlen(e.fields[i].value) > room))
				abort();
	}
	free(line);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int is_silent;
	FILE *file;

	if (!is_silent)
		be_silent();
	is_silent = 1;
	if (size < 2 || (file = fmemopen((void *)(uintptr_t)(data + 1),
			     size - 1, "r")) == NULL)
		return 0;
	if (data[0] % 8 == 7)
		read_log(file);
	else
		read_import(data[0], file);
	fclose(file);
	return 0;
}
