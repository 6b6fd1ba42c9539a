/*
 * quota -- how full the mailboxes are that have a limit, in octets and in
 * messages.
 *
 * What a mailbox holds is counted once, from the names in its Maildir, and kept
 * in mind from then on; it is counted again after a while, and before anybody
 * is refused where the Maildir has changed.  What is on its way to the disk
 * counts, so that no batch passes a limit.  Each change goes to the mailbox's
 * maildirsize as well.
 */
#ifndef QUOTA_H
#define QUOTA_H

#include "owner.h"

#include <stdint.h>

/*
 * Whether a message of size octets fits into the mailbox name, which is o's.
 * Waits while it counts (others have their turn between).
 */
int quota_has_room(const char *name, const struct owner *o, uint64_t size);

/* Likewise; where it does, it counts until quota_settle. */
int quota_reserve(const char *name, const struct owner *o, uint64_t size);

/* Ends a reservation; delivered: there is one letter more. */
void quota_settle(
    const char *name, const struct owner *o, uint64_t size, int delivered);

/* Letters (maildir_is_file) were removed, whether the mailbox has a limit or
 * not. */
void quota_removed(const char *name, const struct owner *o,
    const char *const *files, unsigned n);

#endif
