/*
 * removals -- letters whose removal is promised, and whose files are still
 * there: QUIT waits for the journal alone, and the files go afterwards, some at
 * a time.
 *
 * From the promise on they are gone for everybody who asks this process: the
 * index no longer lists them, and who reads a Maildir's folders calls
 * removals_finish first.  The journal keeps their entries until their files
 * are gone, so a process that is killed in between leaves them to its
 * successor's replay.
 *
 * One thread uses it, and only removals_finish waits.
 */
#ifndef REMOVALS_H
#define REMOVALS_H

#include "owner.h"

#include <stdint.h>

/* Letters that may wait; for more, older ones are removed at once. */
#define REMOVALS_MAX 20000

/*
 * Whether the owner may remove such files (maildir_is_file) now: 0, or -1 with
 * errno.  To be asked before it is promised.
 */
int
removals_allowed(const struct owner *o, const char *const *files, unsigned n);

/*
 * Notes what entry number sequence of the journal, which is synced, promises.
 * holder: they wait until removals_release of the same number, 0 for nobody.
 * 0, or -1 with errno where memory is out, or older ones can't be removed.
 */
int removals_add(const struct owner *o, uint32_t holder,
    const char *const *files, unsigned n, uint64_t sequence);

/* They may go.  is_unlisted: the index lists them no more, and fits. */
void removals_release(uint32_t holder, int is_unlisted);

enum removals_result { REMOVALS_NONE, REMOVALS_MORE, REMOVALS_FAILED };

/*
 * Removes some of those that may go.  REMOVALS_NONE: there are none.
 * REMOVALS_FAILED, with errno: the disk fails; to be tried again later.  What
 * an owner prevents is logged and given up: he will see those again.
 */
enum removals_result removals_step(void);

/*
 * Removes all of one Maildir before its folders are read; others get their turn
 * meanwhile.  0, or -1 with errno.
 */
int removals_finish(const struct owner *o);

/* Removes all of them now, also those that are held.  0, or -1 with errno. */
int removals_settle(void);

/* The lowest sequence number that waits; 0 for none. */
uint64_t removals_first(void);

/* Letters that wait. */
unsigned removals_count(void);

#endif
