/*
 * shelf -- memory that the mailbox helper writes letters to and pop3d reads
 * them from, so that they need not travel through a socket.  Each connection of
 * a worker to the helper has one, of SHELF_PLACES places.
 *
 * The reader hands places out and names one in a request; the helper writes to
 * it before it answers.  Requests of a connection are carried out in the order
 * in which they were sent, so what an abandoned one writes is written before
 * the place's next owner gets his answer.  A shelf's id is random: a place that
 * the reader has kept from an earlier connection is not taken for one of this.
 *
 * The memory is sealed: it can't shrink under its reader, who can't write to
 * it.  The helper may change what it has written: a reader checks lengths,
 * takes the octets for letters and for nothing else.
 */
#ifndef SHELF_H
#define SHELF_H

#include <stddef.h>
#include <stdint.h>

/* Places, and octets of one: small enough for a processor's own cache. */
#define SHELF_PLACES 64
#define SHELF_ROOM   131072

struct device;

/* A shelf: what the helper writes to. */
struct shelf {
	uint64_t id; /* never 0 */
	int fd;
	unsigned char *octets;
};

/* A new shelf; NULL with errno. */
struct shelf *shelf_make(void);

/* Frees it, and sets *s to NULL; its reader keeps the memory.  Idempotent. */
void shelf_free(struct shelf **s);

/* Where place number begins, for SHELF_ROOM octets; NULL: there is none. */
unsigned char *shelf_room(struct shelf *s, uint32_t number);

struct shelf_reader;

/* A place that the reader holds; all zero: none. */
struct shelf_place {
	struct shelf_reader *reader;
	uint32_t number;
	uint64_t id; /* of its shelf */
};

/*
 * Takes a place of the shelf that the device's helper shares with this worker;
 * asks it for one where there is none yet, and then waits.  Returns 0; or -1
 * where none is to be had now: letters can travel in the answer.
 */
int shelf_take(struct device *d, struct shelf_place *p, int64_t deadline);

/* What was written there: SHELF_ROOM octets, until it is put back. */
const char *shelf_octets(const struct shelf_place *p);

/* Puts a place back.  Idempotent. */
void shelf_put(struct shelf_place *p);

/* The helper does not know the place's shelf: another is to be asked for. */
void shelf_is_unknown(const struct shelf_place *p);

/* Before the worker's devices are closed; places may still be held. */
void shelf_leave(void);

#endif
