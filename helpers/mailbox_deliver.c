#include "mailbox_deliver.h"

#include "clock.h"
#include "fiber.h"
#include "log.h"
#include "mailbox_owners.h"
#include "quota.h"
#include "ring.h"
#include "server.h"
#include "store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Deliveries that wait for a batch; more are turned away. */
#define QUEUE_MAX 1024
/* Maildirs of one batch: each may take two descriptors. */
#define PLACES_MAX 1000

/* One delivery on its way. */
struct job {
	struct job *next;
	struct request *request;
	struct store_delivery delivery;
	struct store_place places[WIRE_TARGETS_MAX];
	struct owner *owners;
	char (*names)[WIRE_NAME_MAX];
	unsigned char reserved[WIRE_TARGETS_MAX]; /* room in each mailbox */
};

static struct {
	struct store *store;
	unsigned most;
	struct job *head, **tail;
	unsigned count;
	struct ring ring;
	struct store_delivery **batch; /* most */
} queue;

static void
job_free(struct job *j)
{
	if (j->delivery.spool != -1)
		close(j->delivery.spool);
	free(j->owners);
	free(j->names);
	free(j);
}

/* The status and fields that tell of a result. */
static void
reply_result(struct request **q, enum mailbox_result result)
{
	struct packet fields;

	if (result == MAILBOX_OK || result == MAILBOX_TEMPORARY) {
		request_reply(q,
		    result == MAILBOX_OK ? PACKET_OK : PACKET_TEMPORARY, NULL);
		return;
	}
	packet_init(&fields, 0);
	packet_put_u8(&fields, (uint8_t)result);
	request_reply(q, PACKET_REFUSED, &fields);
	packet_free(&fields);
}

/* LFs with no CR before them. */
static uint64_t
count_lines(const char *body, size_t size)
{
	const char *at = body, *end = body + size, *lf;
	uint64_t lines = 0;

	for (; at < end; at = lf + 1) {
		if ((lf = memchr(at, '\n', (size_t)(end - at))) == NULL)
			break;
		lines += lf == body || lf[-1] != '\r';
	}
	return lines;
}

/* Whether the body is what the request says: inline, or in the spool. */
static int
is_sound(const struct store_delivery *d, size_t length)
{
	if (d->spool == -1)
		return length == d->size && d->size <= WIRE_INLINE_MAX &&
		       count_lines(d->body, length) == d->lines;
	return length == 0 && d->size > WIRE_INLINE_MAX &&
	       d->lines <= d->size && d->size < UINT64_C(1) << 40 &&
	       store_is_spool(d->spool, d->size, d->again);
}

/* Reads the fields into j: 0, or -1 where they are malformed. */
static int
read_request(struct job *j, struct packet *p)
{
	struct store_delivery *d = &j->delivery;
	uint32_t i;
	size_t length;
	uint8_t again, wire;

	d->trace = packet_get_u64(p);
	d->received = (int64_t)packet_get_u64(p);
	d->size = packet_get_u64(p);
	d->lines = packet_get_u64(p);
	again = packet_get_u8(p);
	d->again = again;
	wire = packet_get_u8(p);
	d->wire = wire;
	d->count = packet_get_u32(p);
	if (p->error != 0 || d->count == 0 || d->count > WIRE_TARGETS_MAX ||
	    again > 1 || wire > 1 || (wire && d->lines > 0) || d->received < 0)
		return -1;
	j->names = calloc(d->count, sizeof(*j->names));
	j->owners = calloc(d->count, sizeof(*j->owners));
	if (j->names == NULL || j->owners == NULL)
		return 0; /* the caller sees it */
	for (i = 0; i < d->count; i++)
		packet_get_text(p, j->names[i], sizeof(j->names[i]));
	d->body = packet_get_data(p, WIRE_INLINE_MAX, &length);
	d->spool = packet_take_fd(p);
	if (packet_end(p) == -1 || !is_sound(d, length))
		return -1;
	if (d->spool != -1)
		d->body = NULL;
	return 0;
}

/* Whether the letter of a repeated request is there already. */
static int
is_there(const struct store_delivery *d, const struct owner *o)
{
	char name[MAILDIR_NAME_MAX], file[4 + MAILDIR_NAME_MAX];
	int found = 0;

	if (!d->again)
		return 0;
	store_name(d, name);
	if (owner_become(o->uid, o->gid) == 0)
		found = maildir_find(o->path, name, strlen(name), file,
			    sizeof(file)) == 1;
	owner_home();
	return found;
}

/* Finds the owners, and has room for the letter kept; may wait. */
static enum mailbox_result
find_owners(struct job *j)
{
	struct store_delivery *d = &j->delivery;
	enum mailbox_result result;
	unsigned i;

	for (i = 0; i < d->count; i++) {
		result = mailbox_owners_find(j->names[i], &j->owners[i]);
		if (result != MAILBOX_OK)
			return result;
		j->places[i].owner = &j->owners[i];
	}
	for (i = 0; i < d->count; i++) {
		if (quota_reserve(j->names[i], &j->owners[i], d->size))
			j->reserved[i] = 1;
		else if (!is_there(d, &j->owners[i]))
			return MAILBOX_FULL;
	}
	return MAILBOX_OK;
}

/* The room that was kept: taken by what was delivered, or free again. */
static void
settle(struct job *j, enum mailbox_result result)
{
	unsigned i;

	for (i = 0; i < j->delivery.count; i++)
		if (j->reserved[i])
			quota_settle(j->names[i], &j->owners[i],
			    j->delivery.size,
			    result == MAILBOX_OK && !j->places[i].there);
}

int
answer_deliver(struct request *q)
{
	enum mailbox_result result = MAILBOX_TEMPORARY;
	struct job *j = calloc(1, sizeof(*j));

	if (j == NULL) {
		request_reply(&q, PACKET_TEMPORARY, NULL);
		return 0;
	}
	j->request = q;
	j->delivery.spool = -1;
	j->delivery.places = j->places;
	if (read_request(j, &q->packet) == -1) {
		job_free(j);
		return -1;
	}
	if (j->names != NULL && j->owners != NULL && queue.count < QUEUE_MAX)
		result = find_owners(j);
	if (result != MAILBOX_OK) {
		settle(j, result);
		reply_result(&q, result);
		job_free(j);
		return 0;
	}
	*queue.tail = j;
	queue.tail = &j->next;
	queue.count++;
	ring_notify(&queue.ring);
	return 0;
}

/* Takes from the queue what makes one batch; their list, and its length. */
static struct job *
take_batch(unsigned *n)
{
	struct job *first = queue.head, *j = first, **end = &queue.head;
	size_t cost = 0;
	unsigned places = 0;

	for (*n = 0; j != NULL && *n < queue.most; j = j->next) {
		cost += store_cost(&j->delivery);
		places += j->delivery.count;
		if (*n > 0 &&
		    (cost > store_capacity(queue.store) || places > PLACES_MAX))
			break;
		queue.batch[(*n)++] = &j->delivery;
		end = &j->next;
	}
	*end = NULL;
	queue.head = j;
	if (j == NULL)
		queue.tail = &queue.head;
	queue.count -= *n;
	return first;
}

void
mailbox_deliver_give_up(void)
{
	log_error("mailbox.restart", log_text("why", "a sync failed"));
	/* Answers may still be on their way; those that stay are asked for
	 * again. */
	fiber_yield();
	_exit(1);
}

static void
commit_batch(void)
{
	struct job *j, *next;
	unsigned n;
	int result;

	j = take_batch(&n);
	result = store_commit(queue.store, queue.batch, n);
	for (; j != NULL; j = next) {
		next = j->next;
		log_debug("deliver.done", log_id("trace", j->delivery.trace),
		    log_int("result", j->delivery.result), log_int("batch", n));
		settle(j, j->delivery.result);
		reply_result(&j->request, j->delivery.result);
		job_free(j);
	}
	if (result == -1)
		mailbox_deliver_give_up();
}

static void
commit_main(void *arg)
{
	(void)arg;
	for (;;) {
		while (queue.head == NULL)
			if (ring_wait(&queue.ring, CLOCK_NEVER) == -1)
				return;
		/* Whoever can run now may have more for the batch. */
		fiber_yield();
		commit_batch();
	}
}

int
mailbox_deliver_setup(struct store *store, unsigned most)
{
	queue.store = store;
	queue.most = most;
	queue.tail = &queue.head;
	queue.batch = calloc(most, sizeof(struct store_delivery *));
	if (queue.batch == NULL)
		return -1;
	ring_init(&queue.ring);
	return fiber_spawn("commit", commit_main, NULL);
}

int
answer_spool(struct request *q)
{
	char name[WIRE_NAME_MAX];
	enum mailbox_result result;
	struct packet fields;
	struct owner o;

	packet_get_text(&q->packet, name, sizeof(name));
	if (packet_end(&q->packet) == -1)
		return -1;
	packet_init(&fields, 0);
	result = mailbox_owners_find(name, &o);
	if (result == MAILBOX_OK) {
		fields.fd = store_spool(queue.store, &o);
		if (fields.fd == -1) {
			log_warn("spool.failed", log_text("path", o.path),
			    log_errno(errno));
			result = errno == ENOSPC || errno == EDQUOT
				     ? MAILBOX_FULL
				     : MAILBOX_TEMPORARY;
		}
	}
	if (result == MAILBOX_OK)
		request_reply(&q, PACKET_OK, &fields);
	else
		reply_result(&q, result);
	packet_free(&fields);
	return 0;
}

int
answer_room(struct request *q)
{
	enum mailbox_result result = MAILBOX_OK;
	uint64_t size = packet_get_u64(&q->packet);
	uint32_t count = packet_get_u32(&q->packet), i;
	char name[WIRE_NAME_MAX];
	struct packet names;
	struct owner o;

	if (q->packet.error != 0 || count == 0 || count > WIRE_TARGETS_MAX)
		return -1;
	names = q->packet; /* a second reader of the same fields */
	for (i = 0; i < count; i++)
		packet_get_text(&names, name, sizeof(name));
	if (packet_end(&names) == -1)
		return -1;
	for (i = 0; i < count && result == MAILBOX_OK; i++) {
		packet_get_text(&q->packet, name, sizeof(name));
		result = mailbox_owners_find(name, &o);
		if (result == MAILBOX_OK &&
		    !quota_has_room(name, &o, size > 0 ? size : 1))
			result = MAILBOX_FULL;
	}
	reply_result(&q, result);
	return 0;
}
