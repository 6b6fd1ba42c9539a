/*
 * layout -- how many mailbox helpers have journals in the state folder, and
 * what happens when that changes.
 *
 * STATE/mailbox/layout holds the number of helpers whose journals the folders
 * STATE/mailbox/0, 1... hold.  Where another number starts, mailboxes go to
 * other helpers: before any of them serves, number 0 replays all journals that
 * are there, and makes that durable; the others wait for it.  Killed meanwhile,
 * its successor does it again: replays are idempotent.
 */
#ifndef LAYOUT_H
#define LAYOUT_H

#include <stddef.h>

struct store_conf;

/* The folder of helper number n's journal, below that of the mailbox helpers,
 * to path[size]. */
void layout_folder(char *path, size_t size, const char *folder, unsigned n);

/*
 * To be called by helper number `number` of count before it opens its store.
 * Makes its folder; number 0 settles what other numbers of helpers have left,
 * the others wait until it has (SIGTERM, blocked, ends the wait).  conf is what
 * a journal is opened with, but for its folder.  Returns 0, or -1 with errno,
 * EINTR after a SIGTERM.
 */
int layout_open(const char *folder, unsigned number, unsigned count,
    const struct store_conf *conf);

#endif
