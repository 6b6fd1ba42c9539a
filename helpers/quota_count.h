/*
 * quota_count -- what lies in a Maildir, counted.
 */
#ifndef QUOTA_COUNT_H
#define QUOTA_COUNT_H

#include "maildirsize.h"
#include "owner.h"

#include <time.h>

/* When new/ and cur/ were last changed. */
struct quota_times {
	struct timespec new, cur;
};

/* The size that a file's name tells (",S="): 0, or -1 where it tells none. */
int quota_count_name(const char *name, uint64_t *size);

/* Reads them; zero where there is no such folder.  Does not wait. */
void quota_count_times(const struct owner *o, struct quota_times *times);

/*
 * Counts the letters of new/ and cur/, and their octets: as their names tell,
 * or else as the files are.  Others have their turn meanwhile.  What can't be
 * read counts as empty: a delivery will say what is wrong there.
 */
void quota_count(const struct owner *o, struct maildirsize *used);

#endif
