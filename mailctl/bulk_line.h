/*
 * bulk_line -- the lines of a file: what is no text is complained of, so that
 * no half of a line is ever taken for the whole.
 */
#ifndef BULK_LINE_H
#define BULK_LINE_H

#include "bulk.h"

/* Begins with all zero but the file. */
struct bulk_line {
	FILE *file;
	char *text; /* without its end */
	size_t room;
	unsigned number; /* from 1 on */
};

/*
 * The next line: 1, 0 at the end, -1 after a complaint where the rest can't be
 * read.  One with a NUL or another control character but tabs is complained of
 * and passed over; a byte order mark before the first is taken off.
 */
int bulk_line_next(struct bulk *b, struct bulk_line *l);

/* Takes off a byte order mark, as some programs write it before a file's first
 * line of UTF-8. */
void bulk_line_unmark(char *text);

/* Wipes and frees. */
void bulk_line_free(struct bulk_line *l);

#endif
