/*
 * mailbox_fetched -- letters that the mailbox helper has answered with: in the
 * answer, on the shelf, or one as a descriptor.
 */
#ifndef MAILBOX_FETCHED_H
#define MAILBOX_FETCHED_H

#include "packet.h"
#include "shelf.h"
#include "wire.h"

#include <stddef.h>
#include <stdint.h>

/* Letters that one request may ask for, and octets of one that may come
 * otherwise than as a descriptor. */
#define MAILBOX_FETCH_MAX 32
#define MAILBOX_SMALL_MAX WIRE_INLINE_MAX
/* Octets of letters of one answer where they travel inside it. */
#define MAILBOX_ANSWER_MAX 60000

/* Where the letters of an answer are. */
enum mailbox_where {
	MAILBOX_INLINE,
	MAILBOX_ON_SHELF,     /* in the place that the request named */
	MAILBOX_SHELF_UNKNOWN /* as INLINE: the helper has not that shelf */
};

/* What a fetch brought, as stored: some letters, or a descriptor of one. */
struct mailbox_fetched {
	int fd;			  /* the caller's; -1: letters */
	uint32_t count;		  /* of them, still to be taken */
	struct shelf_place place; /* where they lie; none: in packet */
	size_t at;		  /* of the next in its place */
	struct packet packet;	  /* with their lengths */
};

/* An empty one. */
void mailbox_fetched_init(struct mailbox_fetched *f);

/*
 * Reads the answer to a request of n letters.  f has the place that the request
 * named, or none, and takes the answer over.  Returns 0; -1 where it is
 * malformed, and reply->error is set.
 */
int mailbox_fetched_read(
    struct mailbox_fetched *f, uint32_t n, struct packet *reply);

/* The next letter, borrowed until mailbox_fetched_free: *length octets; NULL
 * where no more has come. */
const char *mailbox_fetched_next(struct mailbox_fetched *f, size_t *length);

/* Frees it, and closes the descriptor.  Idempotent; for an empty one, too. */
void mailbox_fetched_free(struct mailbox_fetched *f);

#endif
