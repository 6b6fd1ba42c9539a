/*
 * share -- which of the mailbox helpers has a mailbox: the one that its Maildir
 * falls to.  So all names of one Maildir, its index, its quota and its lock are
 * in one process, whatever it is called by.
 */
#ifndef SHARE_H
#define SHARE_H

/*
 * The number, below n, of the helper that has the Maildir at path, absolute or
 * relative to the mail root.
 */
unsigned share_of(const char *root, const char *path, unsigned n);

#endif
