/*
 * alone -- messages that the journal does not hold, since they are too large or
 * belong on another file system than the mail root's: they are synced by
 * themselves.
 */
#ifndef ALONE_H
#define ALONE_H

struct store_delivery;

/* Before it gets its names: its files become durable.  Results say how it
 * went. */
void alone_sync_files(struct store_delivery *d);

/*
 * Its names become durable, or are taken away; results say how it went.
 * Returns 0, or -1 where the process must end: not for a disk of an owner's
 * own, which is no reason to end for all others.
 */
int alone_settle(struct store_delivery *d);

#endif
