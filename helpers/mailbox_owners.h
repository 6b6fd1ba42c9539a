/*
 * mailbox_owners -- who owns a mailbox, as accounts says, remembered until it
 * says otherwise.
 */
#ifndef MAILBOX_OWNERS_H
#define MAILBOX_OWNERS_H

#include "mailbox.h"
#include "owner.h"

struct device;
struct request;

/*
 * Before the first call: accounts is asked through link; root is the mail root
 * (both borrowed for ever); this is helper number `number` of count.
 */
void mailbox_owners_setup(
    struct device *link, const char *root, unsigned number, unsigned count);

/* Whether this helper has the mailbox; else *helper is the number of the one
 * that does. */
int mailbox_owners_is_ours(const struct owner *o, unsigned *helper);

/*
 * The owner of the mailbox name.  Waits where it is not remembered.
 * MAILBOX_OK, MAILBOX_NO_BOX or MAILBOX_TEMPORARY.
 */
enum mailbox_result mailbox_owners_find(const char *name, struct owner *o);

/* Answers that helper number n has the mailbox; *q is freed. */
void mailbox_owners_redirect(struct request **q, unsigned n);

/* Turns accounts' absolute path into o->path; 0, or -1 where it lies neither
 * below the mail root nor below a home. */
int mailbox_owners_path(struct owner *o, const char *path);

/* Forgets one ("": all). */
void mailbox_owners_forget(const char *name);

#endif
