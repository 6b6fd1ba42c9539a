/*
 * conf_parse -- from the text of a value to a member of the program's struct.
 * (conf_parse_size and conf_parse_duration stand in conf.h.)
 */
#ifndef CONF_PARSE_H
#define CONF_PARSE_H

#include "conf.h"

/*
 * Checks text against the row s and stores it in member (a list: appends it).
 * 0, or -1 with a reason, in which the setting's name does not occur, in
 * why[size], which holds something sensible already.
 */
int conf_parse_value(const struct conf_setting *s, void *member,
    const char *text, char *why, size_t size);

#endif
