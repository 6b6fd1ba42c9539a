/*
 * trash -- letters that their users delete stay for a time in another folder of
 * the Maildir (".NAME/cur", as Maildir++ has it), where the conf says so.
 */
#ifndef TRASH_H
#define TRASH_H

#include "owner.h"

#include <stdint.h>

/* name ("": none) is borrowed for ever; what lies there longer than `time` ns
 * goes. */
void trash_setup(const char *name, int64_t time);

/*
 * Before n letters are removed: each has a second name in the trash, durably,
 * when this returns 0; or -1 with errno: then they should stay.  Those that are
 * not there are passed over.  The process acts as itself afterwards.
 */
int trash_keep(const struct owner *o, const char *const *files, unsigned n);

/* Removes what has lain there long enough.  Others get their turn meanwhile; a
 * failure is logged. */
void trash_sweep(const struct owner *o);

#endif
