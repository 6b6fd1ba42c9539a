/*
 * csv -- tables as text: RFC 4180, read and written.
 */
#ifndef CSV_H
#define CSV_H

#include <stddef.h>
#include <stdio.h>

#define CSV_FIELDS_MAX 16

/* A record: its fields point into text. */
struct csv {
	char *text;
	size_t size;	/* room at text */
	unsigned line;	/* where it began; 0 before the first */
	unsigned lines; /* read so far */
	unsigned count;
	char *fields[CSV_FIELDS_MAX];
	const char *wrong; /* why csv_read gave up, for people */
};

/*
 * Reads the next record, which may have line feeds between quotes; empty lines
 * and those that begin with # are passed over.  1, 0 at the end, or -1 with
 * wrong set.  The fields are good until the next call.
 */
int csv_read(struct csv *c, FILE *file);

/* Wipes and frees. */
void csv_free(struct csv *c);

/* Writes a field, with quotes where it needs them, behind a comma unless it is
 * the first. */
void csv_put(FILE *file, const char *text, int is_first);

#endif
