/*
 * path -- the reverse-path and the forward-path of a command, read or refused.
 */
#ifndef PATH_H
#define PATH_H

#include "session.h"

/*
 * Reads the path that text begins with (flags: enum address_flags).  Returns
 * it as text in the transaction's arena, with *rest at what follows and
 * *is_utf8 set where it is not all ASCII; NULL after a refusal.
 */
const char *path_read(struct smtp *s, const char *text, int flags,
    const char **rest, int *is_utf8);

/* RFC 6531 3.5: a path beyond ASCII without SMTPUTF8. */
enum next path_refuse_utf8(struct smtp *s);

/*
 * The path as the accounts helper knows it, to to[WIRE_ADDRESS_MAX]: its domain
 * with A-labels.  0, or -1 where there can be no such domain.
 */
int path_for_lookup(const char *path, char to[WIRE_ADDRESS_MAX]);

/*
 * Of "FROM:<path>" or "TO:<path>", prints how the path is looked up (exit code
 * 0), or the reply that a client gets to it (1), for mailctl explain; 2 where
 * it is neither, or can't be printed.
 */
int path_ask(const char *text);

#endif
