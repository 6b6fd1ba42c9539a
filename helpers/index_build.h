/*
 * index_build -- makes the index of a mailbox anew from its folders.
 */
#ifndef INDEX_BUILD_H
#define INDEX_BUILD_H

#include "index.h"

/*
 * Reads new/ and cur/, learns the sizes of letters whose names don't tell,
 * gives each letter its UIDL, and writes the index.  Where the disk has no room
 * for it, the view lies in memory and there is no index.  As index_open.
 */
int index_build(const struct owner *o, struct index_view *v);

#endif
