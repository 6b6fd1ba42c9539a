/*
 * entry -- what the journal's entries say: packets (packet.h) without a head.
 *
 * deliver: u64 trace, text name, u32 count, then for each Maildir u32 uid,
 * u32 gid, text path; data body.
 * expunge: u32 uid, u32 gid, text path, u32 count, count texts: files.
 * retract: as expunge; what was delivered had to be taken back, so that a
 * repeat of the delivery is none.
 */
#ifndef ENTRY_H
#define ENTRY_H

#include "maildir.h"
#include "owner.h"
#include "packet.h"
#include "wire.h"

#include <stddef.h>
#include <stdint.h>

enum entry_type { ENTRY_DELIVER = 1, ENTRY_EXPUNGE, ENTRY_RETRACT };

/* Files of one expunge. */
#define ENTRY_FILES_MAX WIRE_EXPUNGE_MAX

struct entry {
	enum entry_type type;
	uint64_t trace;
	char name[MAILDIR_NAME_MAX];
	unsigned owner_count, file_count;
	struct owner *owners;
	char (*files)[WIRE_FILE_MAX];
	const void *body; /* borrowed from what was read */
	size_t size;
};

/*
 * Writes a deliver entry into an initialized packet: all but the octets of the
 * body, which the caller puts behind.  owner(arg, i) is Maildir number i's.
 * Errors are p's.
 */
void entry_put_deliver(struct packet *p, uint64_t trace, const char *name,
    unsigned count, const struct owner *(*owner)(const void *arg, unsigned i),
    const void *arg, size_t size);

/* An expunge or a retract, likewise. */
void entry_put_expunge(struct packet *p, const struct owner *owner,
    const char *const *files, unsigned n);

/* Reads an entry.  0, or -1 with errno EBADMSG (it is none) or ENOMEM.  Either
 * way entry_free. */
int entry_read(struct entry *e, uint32_t type, const void *data, size_t length);
void entry_free(struct entry *e);

/* A number for a letter of the Maildir at path: from its name up to ":". */
uint64_t entry_key(const char *path, const char *name);

#endif
