/*
 * bulk_send -- has accounts take rows over: as many as go into one request are
 * one change, all of it or nothing.
 */
#ifndef BULK_SEND_H
#define BULK_SEND_H

#include "bulk.h"
#include "client.h"

/* What became of the rows. */
struct bulk_sums {
	size_t became[WIRE_IMPORT_RESULTS];
	int is_partly; /* an earlier request was done, a later one was not */
};

/*
 * flags: enum wire_import_flags.  What does not fit into one request is tried
 * as a whole before anything is changed, so that a line that is wrong is told
 * of and nothing was done; a line that fails only then leaves what stood in
 * earlier requests, and the same file can be read again.  Complaints name the
 * file's lines.
 */
enum client_exit
bulk_send(int fd, struct bulk *b, uint8_t flags, struct bulk_sums *sums);

#endif
