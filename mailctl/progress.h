/*
 * progress -- a bar on standard error for work that takes a while, where that
 * is a terminal.
 */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stddef.h>

/* Of `total` things; what: a word or two, borrowed. */
void progress_begin(const char *what, size_t total);

/* So many are done.  It shows after half a second. */
void progress_step(size_t done);

/* Takes the bar away, so that other lines can be written. */
void progress_end(void);

#endif
