/*
 * conf_scan -- reads a conf file and refuses what libConfuse would pass over
 * in silence: strings, blocks and comments without an end, control characters,
 * stray signs, escapes and ${VARIABLES} (which it would replace).  Comments
 * are blanked, since libConfuse counts their lines twice.
 */
#ifndef CONF_SCAN_H
#define CONF_SCAN_H

#include <stddef.h>

#define CONF_SCAN_FILE_MAX 1048576 /* octets */
#define CONF_SCAN_LINE_MAX 8192

/*
 * The text of the file at path, ready for the parser; the caller's, to free().
 * NULL on error, with the reason in why[size] and in line the line that it is
 * about, or 0.
 */
char *conf_scan_read(const char *path, int *line, char *why, size_t size);

/* What it does with a text of length octets and a NUL: 0, or -1 as above. */
int
conf_scan_text(char *text, size_t length, int *line, char *why, size_t size);

#endif
