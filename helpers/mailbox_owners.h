/*
 * mailbox_owners -- who owns a mailbox, as accounts says, remembered until it
 * says otherwise; and how full the mailbox is.
 */
#ifndef MAILBOX_OWNERS_H
#define MAILBOX_OWNERS_H

#include "mailbox.h"
#include "owner.h"

struct device;

/* Before the first call: accounts is asked through link; root is the mail root
 * (both borrowed for ever).  quota counts where accounts names none. */
void
mailbox_owners_setup(struct device *link, const char *root, uint64_t quota);

/*
 * The owner of the mailbox name.  Waits where it is not remembered.
 * MAILBOX_OK, MAILBOX_NO_BOX or MAILBOX_TEMPORARY.
 */
enum mailbox_result mailbox_owners_find(const char *name, struct owner *o);

/* Turns accounts' absolute path into o->path; 0, or -1 where it does not lie
 * below the mail root. */
int mailbox_owners_path(struct owner *o, const char *path);

/* Forgets one ("": all). */
void mailbox_owners_forget(const char *name);

/*
 * Whether size more octets keep within the owner's quota; if so they count
 * from now on.  Reads the Maildir where that was not done for a minute.
 */
int mailbox_owners_room(const char *name, const struct owner *o, uint64_t size);

/* The mailbox has become emptier: count anew. */
void mailbox_owners_recount(const char *name);

#endif
