/*
 * place -- one copy of a message: the body in a file without a name, then its
 * name in new/ of one Maildir.
 */
#ifndef PLACE_H
#define PLACE_H

#include "store.h"

/* new/ of an owner, made where it is lacking; the process then acts as the
 * owner.  A descriptor, or -1 with errno. */
int place_open(const struct owner *o);

/*
 * Opens the folder of place number n and writes the body, if the letter is not
 * there yet (d->again) and no earlier place's file serves both.  Sets d->alone
 * where the Maildir lies on another file system than the mail root.  Returns
 * 0, or -1 with errno.
 */
int place_prepare(struct store_delivery *d, unsigned n);

/* Gives it its name, or finds it there.  0, or -1 with errno. */
int place_link(struct store_delivery *d, unsigned n);

/*
 * It failed for this place, with an errno: logs and notes it.  That is the
 * result of the whole delivery, unless each mailbox stands for itself.
 */
void place_fail(struct store_delivery *d, struct store_place *p, int code);

/* Whether the journal is to keep it, and it is to get a name. */
int place_is_wanted(const struct store_place *p);

#endif
