/*
 * uidl_import_parts -- what the sources of uidl_import.h share.
 */
#ifndef UIDL_IMPORT_PARTS_H
#define UIDL_IMPORT_PARTS_H

#include "uidl_import.h"

#include <stdint.h>

struct import {
	struct uidls *uidls;
	struct uidl_import *counts;
	void *seen; /* UIDLs of this import; the arena's */
	/* Of the file that is being read: */
	int (*line)(struct import *i, char *line);
	int version; /* 0: its head has not come yet */
	uint32_t validity;
};

/* Takes over one; 1 where it can't be, -1 with errno. */
int import_take(struct import *i, const char *name, const char *uidl);

/* Lets others work.  0, or -1. */
int import_pause(struct import *i);

/*
 * From Cyrus's cyrus.index: letters are named by their UID and a dot, as they
 * were in Cyrus's folder.  0, or -1 with errno: EBADMSG where it is of no
 * version that is known (6 to 20).
 */
int import_cyrus(struct import *i, int fd);

/* From the X-UIDL field of each letter's header.  0, or -1 with errno. */
int import_headers(struct import *i, const struct owner *o);

#endif
