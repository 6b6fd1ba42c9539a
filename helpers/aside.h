/*
 * aside -- messages that were promised and whose owner's Maildir takes nothing
 * (rights, links, a quota of the file system): files beside the journal, placed
 * as soon as the fault has gone.
 *
 * A file "aside.TRACE.LETTER" holds a head and an entry (entry.h) of one
 * Maildir; the message's octets are the last in it.
 */
#ifndef ASIDE_H
#define ASIDE_H

struct entry;
struct owner;

/* Lays e's message to o aside, durably; one that is there already is written
 * again.  The process acts as itself afterwards.  0, or -1 with errno. */
int aside_put(int folder, const struct entry *e, const struct owner *o);

/*
 * Tries all that lie there.  Those that were placed are durable when it
 * returns, and their files are gone.  One that can't be read gets the name
 * "unreadable." and stays for the administrator.  pause (may be NULL) is called
 * between them: others get their turn.  The process acts as itself afterwards.
 * The count of those that are left, or -1 with errno.
 */
int aside_retry(int folder, void (*pause)(void));

#endif
