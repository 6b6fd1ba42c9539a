/*
 * mailbox_proof -- what opens a maildrop: a ticket, which accounts told of and
 * which is good once, or a resume token, which this helper sealed itself.
 */
#ifndef MAILBOX_PROOF_H
#define MAILBOX_PROOF_H

#include "owner.h"
#include "wire.h"

#include <stddef.h>
#include <stdint.h>

/* Whose maildrop a proof opens. */
struct mailbox_proof {
	char name[WIRE_NAME_MAX];
	struct owner owner;
};

/* The key of resume tokens, 32 octets; copied.  Call it before privileges are
 * dropped: the hash's library reads what it needs. */
void mailbox_proof_setup(const unsigned char seal[32]);

/* Keeps a ticket until its expiry (monotonic ns) at most. */
void mailbox_proof_add(const unsigned char ticket[WIRE_TICKET_SIZE],
    const struct mailbox_proof *proof, int64_t expiry);

/* Takes a ticket: 0 with proof, once; -1 where it is none (any more). */
int mailbox_proof_take(
    const unsigned char ticket[WIRE_TICKET_SIZE], struct mailbox_proof *proof);

/* How many tickets are about to be used: given in the last two seconds, and
 * not yet taken. */
unsigned mailbox_proof_fresh(void);

/*
 * Seals proof for a role into token; its length, or 0 where it would be too
 * long (then the session can't be resumed).
 */
size_t mailbox_proof_seal(unsigned char token[WIRE_RESUME_MAX],
    const struct mailbox_proof *proof, uint32_t role);

/* Checks a token of this role: 0 with proof, or -1. */
int mailbox_proof_unseal(const void *token, size_t length, uint32_t role,
    struct mailbox_proof *proof);

#endif
