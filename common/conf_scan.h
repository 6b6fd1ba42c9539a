/*
 * conf_scan -- reads a conf file and refuses what libConfuse would pass over
 * in silence: strings, blocks and comments without an end, control characters,
 * stray signs, escapes and ${VARIABLES} (which it would replace).  Comments
 * are blanked, since libConfuse counts their lines twice; so are the lines that
 * include other files, which are the caller's to read:
 *
 *	include("log.conf")
 */
#ifndef CONF_SCAN_H
#define CONF_SCAN_H

#include <stddef.h>

#define CONF_SCAN_FILE_MAX 1048576 /* octets */
#define CONF_SCAN_LINE_MAX 8192
#define CONF_SCAN_INCLUDES 16 /* in one file */

/* What a file includes: the octets between the quotes, in its order. */
struct conf_scan_includes {
	size_t count;
	struct {
		char *path; /* owned: conf_scan_forget */
		int line;
	} items[CONF_SCAN_INCLUDES];
};

/*
 * The text of the file at path, ready for the parser; the caller's, to free().
 * NULL on error, with the reason in why[size] and in line the line that it is
 * about, or 0.  found (zeroes at first) gets what it includes.
 */
char *conf_scan_read(const char *path, struct conf_scan_includes *found,
    int *line, char *why, size_t size);

void conf_scan_forget(struct conf_scan_includes *found);

#endif
