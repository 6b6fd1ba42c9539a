/*
 * conf_print -- what a conf comes to: each setting, where it was set, and what
 * the table says of it.
 */
#ifndef CONF_PRINT_H
#define CONF_PRINT_H

#include "conf.h"

#include <stdio.h>

/*
 * Writes to "to" what the conf at path comes to, by what:
 *
 *	diff	one line for each setting that differs from its default:
 *		the setting as one would write it, and file and line
 *	all	likewise, all settings; without a place: the default
 *	json	all as one JSON object: block.name to value, default, unit,
 *		bounds, and file and line where it was set
 *	NAME	the value of this one setting (block.name), an item a line
 *
 * 0, or -1 with a reason in error[size].  Errors of writing are to's.
 */
int conf_print(const struct conf_spec *spec, const char *path, const char *what,
    FILE *to, char *error, size_t size);

#endif
