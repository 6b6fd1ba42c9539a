/*
 * mailbox_remove -- the fiber of the mailbox helper that removes the files of
 * letters that QUIT has promised to remove (removals.h).
 */
#ifndef MAILBOX_REMOVE_H
#define MAILBOX_REMOVE_H

#include <stdint.h>

struct store;

/* Starts it.  store is borrowed for ever.  0, or -1 with errno. */
int mailbox_remove_setup(struct store *store);

/* As removals_release: it goes to work. */
void mailbox_remove_begin(uint32_t holder, int is_unlisted);

/* Waits until what waits now has gone, for a second at most. */
void mailbox_remove_wait(void);

#endif
