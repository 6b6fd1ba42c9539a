/*
 * accounts_link -- what accounts tells the mailbox helpers, over the pairs that
 * they share (docs/helpers.md).
 */
#ifndef ACCOUNTS_LINK_H
#define ACCOUNTS_LINK_H

#include "packet.h"

#include <stdint.h>

/*
 * Sends p, which stays the caller's; while a helper starts anew its link may be
 * full, and is waited for.  name: whom it is about, for the log.  0, or -1,
 * with a line unless it is this process that ends.
 */
int accounts_link_tell(
    int link, const struct packet *p, const char *name, int64_t deadline);

#endif
