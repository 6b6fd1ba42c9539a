/*
 * index_check -- compares the index of a mailbox with its Maildir.
 */
#ifndef INDEX_CHECK_H
#define INDEX_CHECK_H

#include "index.h"

struct index_findings {
	int state;	  /* enum index_state */
	uint32_t letters; /* in new/ and cur/ */
	uint32_t rows;	  /* in the index */
	uint32_t damaged; /* of them */
	uint32_t missing; /* letters that the index has not */
	uint32_t extra;	  /* rows whose letter has gone */
	uint32_t stored;  /* UIDLs that are kept apart */
	uint32_t broken;  /* lines of them that can't be read */
};

/* Changes nothing; others get their turn meanwhile.  0, or -1 with errno. */
int index_check(const struct owner *o, struct index_findings *f);

#endif
