/*
 * mailbox_owners -- who owns a mailbox, as accounts says, remembered until it
 * says otherwise.
 */
#ifndef MAILBOX_OWNERS_H
#define MAILBOX_OWNERS_H

#include "mailbox.h"
#include "owner.h"

struct device;

/* Before the first call: accounts is asked through link; root is the mail root
 * (both borrowed for ever). */
void mailbox_owners_setup(struct device *link, const char *root);

/*
 * The owner of the mailbox name.  Waits where it is not remembered.
 * MAILBOX_OK, MAILBOX_NO_BOX or MAILBOX_TEMPORARY.
 */
enum mailbox_result mailbox_owners_find(const char *name, struct owner *o);

/* Turns accounts' absolute path into o->path; 0, or -1 where it lies neither
 * below the mail root nor below a home. */
int mailbox_owners_path(struct owner *o, const char *path);

/* Forgets one ("": all). */
void mailbox_owners_forget(const char *name);

#endif
