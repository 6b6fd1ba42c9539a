/*
 * conf_dump -- what the conf of one of the programs comes to, as the program
 * itself tells (its option -d): each setting, and where it was set.
 */
#ifndef CONF_DUMP_H
#define CONF_DUMP_H

#include <stddef.h>

struct conf_dump {
	char *text; /* a line a setting; NULL: there is no conf */
};

/* Reads what NAME makes of FOLDER/NAME.conf.  0, or -1 after lines on standard
 * error. */
int conf_dump_read(struct conf_dump *d, const char *name, const char *folder);

/* Likewise, but the first of those lines goes to why[size]. */
int conf_dump_ask(struct conf_dump *d, const char *name, const char *folder,
    char *why, size_t size);

void conf_dump_free(struct conf_dump *d);

/*
 * The setting's value, its quotes taken off, to value[size]; its place, as
 * FILE:LINE or "default", to place[size].  Either may be NULL.  0, or -1 where
 * there is no such setting.
 */
#define CONF_DUMP_VALUE_MAX 4096
#define CONF_DUMP_PLACE_MAX 1100
int conf_dump_value(
    const struct conf_dump *d, const char *setting, char *value, size_t size);
int conf_dump_place(
    const struct conf_dump *d, const char *setting, char *place, size_t size);

/*
 * The next setting whose name begins so, behind the one in setting[size], which
 * is "" at first: 0, or -1 where there is no more.
 */
int conf_dump_next(
    const struct conf_dump *d, const char *prefix, char *setting, size_t size);

/*
 * Takes the next item of a list as conf_dump_value gives it, which *rest points
 * into (and which is cut), or NULL at its end.
 */
char *conf_dump_item(char **rest);

#endif
