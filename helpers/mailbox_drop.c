#include "mailbox_drop.h"

#include "clock.h"
#include "entry.h"
#include "fiber.h"
#include "index.h"
#include "log.h"
#include "mailbox_deliver.h"
#include "mailbox_owners.h"
#include "mailbox_proof.h"
#include "mailbox_remove.h"
#include "quota.h"
#include "ring.h"
#include "server.h"
#include "shelf.h"
#include "store.h"
#include "trash.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS 4096
/* Maildrops that may be open at once. */
#define DROPS_MAX 100000
/* A ticket that is not known may be on its way: how often, and how long. */
#define TICKET_TRIES 10
#define TICKET_PAUSE (2 * CLOCK_MILLISECOND)
/* The end of a session may be on its way, likewise. */
#define LEAVE_TRIES 5
#define LEAVE_PAUSE CLOCK_MILLISECOND

/* An open maildrop. */
struct drop {
	struct drop *next_by_name, *next_by_handle, *next_of_peer;
	struct mailbox_proof proof;
	uint32_t handle;
	struct drops *peer;
	struct index_removal removal;
	int is_busy;	  /* being opened or closed */
	int has_expunged; /* what mailbox_remove_begin is to be told of */
};

/* What is kept for each peer. */
struct drops {
	struct drop *first;
	struct shelf *shelf; /* NULL: it has not asked for one */
};

static struct {
	struct store *store;
	int exclusive; /* one session a maildrop */
	struct drop *by_name[BUCKETS], *by_handle[BUCKETS];
	unsigned count;
	uint32_t last;	  /* handle given out */
	unsigned opening; /* requests that may have taken a ticket */
} table;

void
mailbox_drop_setup(struct store *store, int exclusive)
{
	table.store = store;
	table.exclusive = exclusive;
}

static struct drop **
bucket_of(const char *name)
{
	uint32_t hash = 2166136261u;

	for (; *name != '\0'; name++)
		hash = (hash ^ (unsigned char)*name) * 16777619u;
	return &table.by_name[hash % BUCKETS];
}

static int
is_open(const char *name)
{
	struct drop *d;

	for (d = *bucket_of(name); d != NULL; d = d->next_by_name)
		if (strcmp(d->proof.name, name) == 0)
			return 1;
	return 0;
}

static struct drop *
find_handle(uint32_t handle)
{
	struct drop *d;

	for (d = table.by_handle[handle % BUCKETS]; d != NULL;
	     d = d->next_by_handle)
		if (d->handle == handle)
			return d;
	return NULL;
}

/* The peer's own open maildrop of this handle; NULL: GONE. */
static struct drop *
find_drop(struct request *q, uint32_t handle)
{
	struct drop *d = find_handle(handle);

	return d != NULL && !d->is_busy && d->peer == *request_peer_data(q)
		   ? d
		   : NULL;
}

const struct mailbox_proof *
mailbox_drop_proof(struct request *q, uint32_t handle)
{
	const struct drop *d = find_drop(q, handle);

	return d != NULL ? &d->proof : NULL;
}

/* What is kept for the peer of q; NULL where memory is out. */
static struct drops *
drops_of(struct request *q)
{
	void **data = request_peer_data(q);

	if (*data == NULL)
		*data = calloc(1, sizeof(struct drops));
	return *data;
}

struct shelf **
mailbox_drop_shelf(struct request *q)
{
	struct drops *peer = drops_of(q);

	return peer != NULL ? &peer->shelf : NULL;
}

/* Locks the maildrop for the peer of q; NULL where memory is out. */
static struct drop *
add_drop(struct request *q, const struct mailbox_proof *proof)
{
	struct drops *peer = drops_of(q);
	struct drop *d, **bucket;

	if (peer == NULL || table.count >= DROPS_MAX)
		return NULL;
	if ((d = calloc(1, sizeof(*d))) == NULL)
		return NULL;
	do
		table.last++;
	while (table.last == 0 || find_handle(table.last) != NULL);
	d->proof = *proof;
	d->handle = table.last;
	d->peer = peer;
	d->next_of_peer = peer->first;
	peer->first = d;
	bucket = bucket_of(proof->name);
	d->next_by_name = *bucket;
	*bucket = d;
	bucket = &table.by_handle[d->handle % BUCKETS];
	d->next_by_handle = *bucket;
	*bucket = d;
	table.count++;
	return d;
}

/* Takes d out of a list that is linked by the member `next`. */
#define CUT(list, d, next)                   \
	do {                                 \
		struct drop **at_ = (list);  \
		while (*at_ != (d))          \
			at_ = &(*at_)->next; \
		*at_ = (d)->next;            \
	} while (0)

static void
remove_drop(struct drop *d)
{
	/* Of a session that ended in the midst of its QUIT. */
	if (d->has_expunged) {
		index_spoil(&d->proof.owner);
		mailbox_remove_begin(d->handle, 0);
	}
	CUT(bucket_of(d->proof.name), d, next_by_name);
	CUT(&table.by_handle[d->handle % BUCKETS], d, next_by_handle);
	CUT(&d->peer->first, d, next_of_peer);
	free(d->removal.bases);
	free(d);
	table.count--;
}

void
mailbox_drop_gone(void *peer_data)
{
	struct drops *peer = peer_data;

	while (peer->first != NULL)
		remove_drop(peer->first);
	shelf_free(&peer->shelf);
	free(peer);
}

struct drop *
mailbox_drop_hold(struct request *q, const char *name, const struct owner *o)
{
	struct mailbox_proof proof = {.owner = *o};
	struct drop *d;

	errno = EBUSY;
	if (is_open(name))
		return NULL;
	errno = ENOMEM;
	snprintf(proof.name, sizeof(proof.name), "%s", name);
	if ((d = add_drop(q, &proof)) != NULL)
		d->is_busy = 1;
	return d;
}

void
mailbox_drop_release(struct drop **d)
{
	struct drop *old = *d;

	*d = NULL;
	remove_drop(old);
}

/* Finds out whose maildrop the proof opens; waits a moment for a ticket that
 * accounts has sent, but which has not been read yet. */
static int
check_proof(struct request *q, const void *data, size_t length,
    struct mailbox_proof *proof)
{
	int i;

	if (length != WIRE_TICKET_SIZE)
		return mailbox_proof_unseal(
		    data, length, (uint32_t)request_role(q), proof);
	for (i = 0; mailbox_proof_take(data, proof) == -1; i++) {
		if (i == TICKET_TRIES)
			return -1;
		if (ring_sleep(ring_self(), clock_after(TICKET_PAUSE)) == -1 &&
		    errno == ECANCELED)
			return -1;
	}
	return 0;
}

/* Whether another session has the maildrop.  One that has ended may have sent
 * its WIRE_LEAVE by another connection, which has not been read yet. */
static int
is_in_use(const char *name)
{
	for (int i = 0; is_open(name); i++)
		if (i == LEAVE_TRIES ||
		    (ring_sleep(ring_self(), clock_after(LEAVE_PAUSE)) == -1 &&
			errno == ECANCELED))
			return 1;
	return 0;
}

static void
refuse(struct request **q, enum mailbox_result result)
{
	struct packet fields;

	packet_init(&fields, 0);
	packet_put_u8(&fields, (uint8_t)result);
	request_reply(q, PACKET_REFUSED, &fields);
	packet_free(&fields);
}

/* A wait that was broken off is no answer: the next process knows it. */
static void
refuse_unless_ending(struct request **q, enum mailbox_result result)
{
	if (fiber_cancelled())
		request_reply(q, PACKET_TEMPORARY, NULL);
	else
		refuse(q, result);
}

/* view: of a login, NULL for one that comes back. */
static void
reply_open(struct request **q, struct drop *d, const struct index_view *view)
{
	unsigned char token[WIRE_RESUME_MAX];
	struct packet fields;
	size_t length;

	length =
	    mailbox_proof_seal(token, &d->proof, (uint32_t)request_role(*q));
	packet_init(&fields, 0);
	packet_put_u32(&fields, d->handle);
	packet_put_data(&fields, token, length);
	packet_put_u32(&fields, view != NULL ? view->count : 0);
	packet_put_u64(&fields, view != NULL ? view->octets : 0);
	packet_put_u32(&fields, view != NULL ? view->row : 0);
	if (view != NULL)
		fields.fd = view->fd;
	request_reply(
	    q, fields.error == 0 ? PACKET_OK : PACKET_TEMPORARY, &fields);
	packet_free(&fields);
	explicit_bzero(token, sizeof(token));
}

/* Opens what the proof stands for, and answers. */
static void
open_drop(struct request **q, const struct mailbox_proof *proof, int is_login)
{
	struct index_view view = {.fd = -1};
	struct drop *d = add_drop(*q, proof);

	if (d == NULL) {
		request_reply(q, PACKET_TEMPORARY, NULL);
		return;
	}
	d->is_busy = 1;
	/* Who comes back has his list. */
	if (is_login && index_open(&d->proof.owner, &view) == -1) {
		log_warn("drop.failed", log_text("name", proof->name),
		    log_errno(errno));
		remove_drop(d);
		request_reply(q, PACKET_TEMPORARY, NULL);
		return;
	}
	d->is_busy = 0;
	reply_open(q, d, is_login ? &view : NULL);
}

int
mailbox_drop_is_settled(void)
{
	return table.opening == 0 && mailbox_proof_fresh() == 0;
}

int
answer_open(struct request *q)
{
	struct mailbox_proof proof;
	const void *data;
	unsigned helper;
	size_t length;

	data = packet_get_data(&q->packet, WIRE_RESUME_MAX, &length);
	if (packet_end(&q->packet) == -1)
		return -1;
	table.opening++;
	if (check_proof(q, data, length, &proof) == -1 ||
	    !mailbox_owners_is_ours(&proof.owner, &helper))
		refuse_unless_ending(&q, MAILBOX_DENIED);
	else if (table.exclusive && is_in_use(proof.name))
		refuse_unless_ending(&q, MAILBOX_IN_USE);
	else
		open_drop(&q, &proof, length == WIRE_TICKET_SIZE);
	explicit_bzero(&proof, sizeof(proof));
	table.opening--;
	return 0;
}

/* Frees q where the handle is not known. */
static struct drop *
find_or_refuse(struct request **q, uint32_t handle)
{
	struct drop *d = find_drop(*q, handle);

	if (d == NULL)
		request_reply(q, PACKET_GONE, NULL);
	return d;
}

int
answer_damaged(struct request *q)
{
	uint32_t handle = packet_get_u32(&q->packet);
	struct drop *d;

	if (packet_end(&q->packet) == -1)
		return -1;
	if ((d = find_or_refuse(&q, handle)) == NULL)
		return 0;
	log_error("index.damaged", log_text("path", d->proof.owner.path));
	index_spoil(&d->proof.owner);
	request_reply(&q, PACKET_OK, NULL);
	return 0;
}

/* Reads the names of files; their count, or -1 where they are malformed. */
static int
read_files(
    struct packet *p, char (*files)[WIRE_FILE_MAX], const char **pointers)
{
	uint32_t count = packet_get_u32(p), i;

	if (p->error != 0 || count == 0 || count > ENTRY_FILES_MAX)
		return -1;
	for (i = 0; i < count; i++) {
		packet_get_text(p, files[i], sizeof(files[i]));
		if (p->error != 0 || !maildir_is_file(files[i]))
			return -1;
		pointers[i] = files[i];
	}
	return packet_end(p) == 0 ? (int)count : -1;
}

int
answer_expunge(struct request *q)
{
	static char files[ENTRY_FILES_MAX][WIRE_FILE_MAX];
	const char *pointers[ENTRY_FILES_MAX];
	uint32_t handle = packet_get_u32(&q->packet);
	struct drop *d;
	int count, code = 0;

	if ((count = read_files(&q->packet, files, pointers)) == -1)
		return -1;
	if ((d = find_or_refuse(&q, handle)) == NULL)
		return 0;
	if (trash_keep(&d->proof.owner, pointers, (unsigned)count) == -1) {
		request_reply(&q, PACKET_TEMPORARY, NULL);
		return 0;
	}
	if (store_expunge(table.store, &d->proof.owner, d->handle, pointers,
		(unsigned)count) == 0) {
		d->has_expunged = 1;
		index_removal_add(&d->removal, pointers, (unsigned)count);
		quota_removed(
		    d->proof.name, &d->proof.owner, pointers, (unsigned)count);
	} else {
		code = errno;
		log_warn("expunge.failed", log_text("name", d->proof.name),
		    log_errno(code));
	}
	request_reply(&q, code == 0 ? PACKET_OK : PACKET_TEMPORARY, NULL);
	if (code == EIO)
		mailbox_deliver_give_up();
	return 0;
}

/* Ends a session. */
static void
close_drop(struct drop *d)
{
	d->is_busy = 1;
	if (d->has_expunged)
		mailbox_remove_begin(d->handle,
		    index_removal_finish(&d->removal, &d->proof.owner));
	d->has_expunged = 0;
	trash_sweep(&d->proof.owner);
	remove_drop(d);
}

int
answer_close(struct request *q)
{
	uint32_t handle = packet_get_u32(&q->packet);
	struct drop *d;

	if (packet_end(&q->packet) == -1)
		return -1;
	if ((d = find_or_refuse(&q, handle)) == NULL)
		return 0;
	close_drop(d);
	request_reply(&q, PACKET_OK, NULL);
	return 0;
}

int
answer_leave(struct request *q)
{
	uint32_t handle = packet_get_u32(&q->packet);
	struct drop *d;

	if (packet_end(&q->packet) == -1)
		return -1;
	if ((d = find_drop(q, handle)) != NULL)
		close_drop(d);
	request_drop(&q);
	return 0;
}
