#include "mailbox_proof.h"

#include "clock.h"
#include "mac.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

/* Tickets that may wait, in rows by their first octets.  Most live for a
 * millisecond, so each takes memory for as long alone. */
#define ROWS	 1024
#define ROW_SIZE 8
#define SUM_SIZE MAC_SIZE
/* No ticket lives longer, whatever accounts says. */
#define LIFE (120 * CLOCK_SECOND)
/* After so long its client has most likely gone. */
#define FRESH (2 * CLOCK_SECOND)

struct ticket {
	unsigned char secret[WIRE_TICKET_SIZE];
	int64_t since, expiry;
	struct mailbox_proof proof;
};

static struct ticket *tickets[ROWS][ROW_SIZE];
static struct mac *mac; /* of the key of tokens */

void
mailbox_proof_setup(const unsigned char seal[32])
{
	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	mac_close(&mac);
	mac = mac_open(seal, 32);
}

static struct ticket **
row_of(const unsigned char *secret)
{
	/* The first octet is the number of the helper. */
	return tickets[(secret[1] | (unsigned)secret[2] << 8) % ROWS];
}

static void
drop_ticket(struct ticket **slot)
{
	if (*slot == NULL)
		return;
	explicit_bzero(*slot, sizeof(**slot));
	free(*slot);
	*slot = NULL;
}

void
mailbox_proof_add(const unsigned char secret[WIRE_TICKET_SIZE],
    const struct mailbox_proof *proof, int64_t expiry)
{
	struct ticket **row = row_of(secret), **slot = row, *t;
	int64_t now = clock_now();
	unsigned i;

	/* A full row loses its oldest. */
	for (i = 1; i < ROW_SIZE && *slot != NULL; i++)
		if (row[i] == NULL || row[i]->expiry < (*slot)->expiry)
			slot = &row[i];
	drop_ticket(slot);
	/* Without memory there is no ticket, and its login fails for now. */
	if ((t = malloc(sizeof(*t))) == NULL)
		return;
	memcpy(t->secret, secret, sizeof(t->secret));
	t->proof = *proof;
	t->since = now;
	t->expiry = expiry < now + LIFE ? expiry : now + LIFE;
	*slot = t;
}

int
mailbox_proof_take(
    const unsigned char secret[WIRE_TICKET_SIZE], struct mailbox_proof *proof)
{
	struct ticket **row = row_of(secret), *t;
	int64_t now = clock_now();
	int result = -1;
	unsigned i;

	for (i = 0; i < ROW_SIZE; i++) {
		if ((t = row[i]) == NULL)
			continue;
		if (CRYPTO_memcmp(t->secret, secret, sizeof(t->secret)) == 0) {
			if (t->expiry > now) {
				*proof = t->proof;
				result = 0;
			}
			drop_ticket(&row[i]);
		} else if (t->expiry <= now) {
			drop_ticket(&row[i]);
		}
	}
	return result;
}

unsigned
mailbox_proof_fresh(void)
{
	int64_t after = clock_now() - FRESH;
	unsigned count = 0;

	for (unsigned i = 0; i < ROWS; i++)
		for (unsigned k = 0; k < ROW_SIZE; k++)
			count += tickets[i][k] != NULL &&
				 tickets[i][k]->since > after;
	return count;
}

struct token_head {
	uint32_t role, uid, gid;
	uint16_t name_length, path_length;
	uint64_t quota;
};

size_t
mailbox_proof_seal(unsigned char token[WIRE_RESUME_MAX],
    const struct mailbox_proof *proof, uint32_t role)
{
	struct token_head head = {.role = role,
	    .uid = proof->owner.uid,
	    .gid = proof->owner.gid,
	    .quota = proof->owner.quota,
	    .name_length = (uint16_t)strlen(proof->name),
	    .path_length = (uint16_t)strlen(proof->owner.path)};
	size_t at = sizeof(head);

	if (at + head.name_length + head.path_length + SUM_SIZE >
	    WIRE_RESUME_MAX)
		return 0;
	memcpy(token, &head, sizeof(head));
	memcpy(token + at, proof->name, head.name_length);
	at += head.name_length;
	memcpy(token + at, proof->owner.path, head.path_length);
	at += head.path_length;
	return mac_sum(mac, token, at, token + at) == 0 ? at + SUM_SIZE : 0;
}

int
mailbox_proof_unseal(const void *token, size_t length, uint32_t role,
    struct mailbox_proof *proof)
{
	const unsigned char *p = token;
	unsigned char sum[SUM_SIZE];
	struct token_head head;

	if (length < sizeof(head) + SUM_SIZE ||
	    mac_sum(mac, p, length - SUM_SIZE, sum) == -1 ||
	    CRYPTO_memcmp(sum, p + length - SUM_SIZE, SUM_SIZE) != 0)
		return -1;
	memcpy(&head, p, sizeof(head));
	p += sizeof(head);
	if (head.role != role || head.name_length >= sizeof(proof->name) ||
	    head.path_length >= sizeof(proof->owner.path) ||
	    sizeof(head) + head.name_length + head.path_length + SUM_SIZE !=
		length)
		return -1;
	memset(proof, 0, sizeof(*proof));
	proof->owner.uid = head.uid;
	proof->owner.gid = head.gid;
	proof->owner.quota = head.quota;
	memcpy(proof->name, p, head.name_length);
	memcpy(proof->owner.path, p + head.name_length, head.path_length);
	return 0;
}
