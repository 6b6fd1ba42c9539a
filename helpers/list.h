/*
 * list -- members of an alias that stand in a file: its target ":include:NAME"
 * means the file NAME in the folder of lists.
 *
 * One member a line, an address or another ":include:NAME"; a "#" at a line's
 * begin or behind a blank begins a comment.  A file is read each time it is
 * asked for, so that a change counts at once; to be replaced by rename(2), so
 * that no half of it is seen.
 */
#ifndef LIST_H
#define LIST_H

#include "record.h"

#include <stddef.h>

/* Octets of a file, and of its name, NUL included. */
#define LIST_SIZE_MAX 65536
#define LIST_NAME_MAX 65

/* Where faults go, each with the file's name before it. */
struct list_report {
	void (*say)(void *arg, const char *text);
	void *arg;
};

/* The NAME of a target ":include:NAME", NULL where it is another one or no name
 * that a list can have: letters, digits, "-", "_" and dots but for the first.
 */
const char *list_name(const char *target);

/* Whether it begins as one. */
int list_is_target(const char *target);

/*
 * Reads the list of this name into *members, addresses in canonical form. Lines
 * that are none are told of and left out.  0, or -1 after a word on why the
 * file can't be used: it is a link or no regular file, it belongs to neither
 * root nor the owner of the folder, others may write to it or to the folder, it
 * is longer than LIST_SIZE_MAX, or it has more than WIRE_TARGETS_MAX members.
 *
 * folder "" or NULL: there is none.  report NULL: the log, once until the file
 * changes.
 */
int list_read(const char *folder, const char *name,
    struct record_targets *members, const struct list_report *report);

/* The same of the length octets of text, as the file called name. */
int list_parse(const char *text, size_t length, const char *name,
    struct record_targets *members, const struct list_report *report);

#endif
