/*
 * bulk_order -- rows in an order in which each comes behind what it needs, and
 * which of them need others of the same file.
 */
#ifndef BULK_ORDER_H
#define BULK_ORDER_H

#include "bulk.h"

struct bulk_order {
	struct bulk_row **rows; /* b->count of them */
	unsigned char *needs;	/* likewise: whether it needs another row */
};

/*
 * Domains first, then users, then aliases, those whose targets are aliases of
 * the file behind these; lines keep their order otherwise.  0, or -1 after a
 * line on standard error.  Free with bulk_order_free before the rows.
 */
int bulk_order_make(struct bulk_order *o, const struct bulk *b);
void bulk_order_free(struct bulk_order *o);

#endif
