#include "bulk_order.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>

/* Aliases behind each other: more than the helper follows. */
#define DEPTH 32

struct entry {
	struct bulk_row *row;
};

/* The rows by name, for searching. */
struct index {
	const struct bulk *b;
	struct entry *by_name;
	unsigned char *is_done; /* of each row of b */
	struct bulk_order *order;
	size_t count;
};

/* By kind, then by name: upper and lower case count the same. */
static int
compare(const void *a, const void *b)
{
	const struct bulk_row *x = ((const struct entry *)a)->row;
	const struct bulk_row *y = ((const struct entry *)b)->row;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return strcasecmp(x->name, y->name);
}

/* One of the rows of that kind and name; NULL. */
static struct bulk_row *
find(const struct index *x, uint8_t kind, char *name)
{
	struct bulk_row row = {.kind = kind, .name = name};
	struct entry key = {&row}, *found;

	found = bsearch(
	    &key, x->by_name, x->b->count, sizeof(struct entry), compare);
	return found == NULL ? NULL : found->row;
}

static int
has_domain(const struct index *x, char *name)
{
	char *at = strchr(name, '@');

	return at != NULL && find(x, WIRE_IMPORT_DOMAIN, at + 1) != NULL;
}

/* Whether the row needs a domain of the file. */
static int
needs_domain(const struct index *x, const struct bulk_row *row)
{
	int needs = has_domain(x, row->name);

	if (row->kind == WIRE_IMPORT_ALIAS)
		for (uint32_t i = 0; i < row->count; i++)
			needs |= has_domain(x, row->list[i]);
	return needs;
}

/* A row on the way to its place, and how far its targets have theirs. */
struct step {
	struct bulk_row *row;
	uint32_t next;
	int needs;
};

/* The next alias among the row's targets that is to come before it; NULL. */
static struct bulk_row *
next_target(const struct index *x, struct step *step)
{
	struct bulk_row *other;

	while (step->row->kind == WIRE_IMPORT_ALIAS &&
	       step->next < step->row->count) {
		other =
		    find(x, WIRE_IMPORT_ALIAS, step->row->list[step->next++]);
		if (other == NULL || other == step->row)
			continue;
		step->needs = 1;
		if (!x->is_done[other - x->b->rows])
			return other;
	}
	return NULL;
}

/* Places the row behind what it needs. */
static void
place(struct index *x, struct bulk_row *row)
{
	struct step steps[DEPTH], *top;
	int depth = 0;

	if (x->is_done[row - x->b->rows])
		return;
	while (depth >= 0) {
		if (row != NULL) {
			x->is_done[row - x->b->rows] = 1;
			steps[depth] = (struct step){.row = row};
			if (row->kind != WIRE_IMPORT_DOMAIN)
				steps[depth].needs = needs_domain(x, row);
		}
		top = &steps[depth];
		row = depth + 1 < DEPTH ? next_target(x, top) : NULL;
		if (row != NULL) {
			depth++;
			continue;
		}
		x->order->rows[x->count] = top->row;
		x->order->needs[x->count++] = (unsigned char)top->needs;
		depth--;
	}
}

int
bulk_order_make(struct bulk_order *o, const struct bulk *b)
{
	struct index x = {.b = b, .order = o};
	size_t n = b->count + 1;
	int result = -1;

	o->rows = calloc(n, sizeof(struct bulk_row *));
	o->needs = calloc(n, 1);
	x.by_name = calloc(n, sizeof(struct entry));
	x.is_done = calloc(n, 1);
	if (o->rows == NULL || o->needs == NULL || x.by_name == NULL ||
	    x.is_done == NULL) {
		warn("%s", b->file);
		bulk_order_free(o);
		goto out;
	}
	for (size_t i = 0; i < b->count; i++)
		x.by_name[i].row = &b->rows[i];
	qsort(x.by_name, b->count, sizeof(struct entry), compare);
	for (int kind = 0; kind < WIRE_IMPORT_KINDS; kind++)
		for (size_t i = 0; i < b->count; i++)
			if (b->rows[i].kind == kind)
				place(&x, &b->rows[i]);
	result = 0;
out:
	free(x.by_name);
	free(x.is_done);
	return result;
}

void
bulk_order_free(struct bulk_order *o)
{
	free(o->rows);
	free(o->needs);
	o->rows = NULL;
	o->needs = NULL;
}
