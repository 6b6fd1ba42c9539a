/*
 * meter_table -- what the cells of meter.h are called: for whoever shows them.
 */
#ifndef METER_TABLE_H
#define METER_TABLE_H

#include "meter.h"

enum meter_type { METER_COUNTER, METER_GAUGE, METER_HISTOGRAM_TYPE };

/* Which processes have it; bits. */
enum meter_part {
	METER_SMTPD = 1,
	METER_POP3D = 2,
	METER_HELPER = 4, /* any */
	METER_ASKS = 8,	  /* of the helpers, those that ask others */
	METER_MAILBOXES = 16,
	METER_ACCOUNTS_PART = 32
};
#define METER_CLIENTS (METER_SMTPD | METER_POP3D)
#define METER_ANY     (METER_CLIENTS | METER_HELPER)

/* What the values are multiplied by to become the unit. */
enum meter_unit { METER_ONES, METER_OCTETS, METER_NS };

struct meter_row {
	const char *name; /* behind "ringmail_"; NULL ends the table */
	const char *help; /* a sentence without its stop */
	enum meter_type type;
	enum meter_unit unit;
	unsigned cell;	/* the first one */
	unsigned parts; /* enum meter_part */
	/* A label beside the process, the names of its values (NULL: a place
	 * that is free), their count: 1 where there is none. */
	const char *label;
	const char *const *values;
	unsigned count;
	/* Likewise a second one, whose values' cells lie side by side. */
	const char *label2;
	const char *const *values2;
	unsigned count2;
	int is_sparse;	 /* what never happened need not be shown */
	unsigned bounds; /* of a histogram, METER_BOUNDS at most */
	uint64_t first;	 /* its first bound */
};

extern const struct meter_row meter_table[];

/* A number that is another one where a cell has another place or meaning: who
 * counts and who shows are to be of one version. */
uint32_t meter_layout(void);
/* The same of another table. */
uint32_t meter_layout_of(const struct meter_row *table);

/* The cell where a row's value begins, of its values number i and number k. */
unsigned meter_row_cell(const struct meter_row *row, unsigned i, unsigned k);

/* How many cells it takes in all. */
unsigned meter_row_cells(const struct meter_row *row);

#endif
