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

/* One mailbox of a delivery. */
struct target {
	char name[WIRE_NAME_MAX];
	struct owner owner;
	enum mailbox_result result;
	unsigned place; /* its number in the delivery, where result is OK */
	int reserved;	/* room in it */
};

/* One delivery on its way. */
struct job {
	struct job *next;
	struct request *request;
	struct store_delivery delivery; /* of those that can have it */
	struct target *targets;
	unsigned count;
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
	free(j->targets);
	free(j->delivery.places);
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

/* Reads the names: 0, or -1 where memory is out; errors are p's. */
static int
read_targets(struct job *j, struct packet *p)
{
	uint32_t i;

	j->targets = calloc(j->count, sizeof(*j->targets));
	j->delivery.places = calloc(j->count, sizeof(*j->delivery.places));
	if (j->targets == NULL || j->delivery.places == NULL)
		return -1;
	for (i = 0; i < j->count; i++)
		packet_get_text(
		    p, j->targets[i].name, sizeof(j->targets[i].name));
	return 0;
}

/* Reads the fields into j: 0; 1 where memory is out; -1 where they are
 * malformed. */
static int
read_request(struct job *j, struct packet *p)
{
	struct store_delivery *d = &j->delivery;
	size_t length;
	uint8_t flags;

	d->trace = packet_get_u64(p);
	d->received = (int64_t)packet_get_u64(p);
	d->size = packet_get_u64(p);
	d->lines = packet_get_u64(p);
	flags = packet_get_u8(p);
	d->again = (flags & WIRE_DELIVER_AGAIN) != 0;
	d->wire = (flags & WIRE_DELIVER_WIRE) != 0;
	d->each = (flags & WIRE_DELIVER_EACH) != 0;
	j->count = packet_get_u32(p);
	if (p->error != 0 || j->count == 0 || j->count > WIRE_TARGETS_MAX ||
	    (flags & ~WIRE_DELIVER_FLAGS) != 0 || (d->wire && d->lines > 0) ||
	    d->received < 0)
		return -1;
	if (read_targets(j, p) == -1)
		return 1;
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

/* Finds the owner, and has room for the letter kept; may wait. */
static enum mailbox_result
admit(struct job *j, struct target *t)
{
	struct store_delivery *d = &j->delivery;
	enum mailbox_result result;

	result = mailbox_owners_find(t->name, &t->owner);
	if (result != MAILBOX_OK)
		return result;
	t->reserved = quota_reserve(t->name, &t->owner, d->size);
	if (!t->reserved && !is_there(d, &t->owner))
		return MAILBOX_FULL;
	t->place = d->count;
	d->places[d->count++].owner = &t->owner;
	return MAILBOX_OK;
}

/* Asks for all mailboxes; whether there is anything to be delivered. */
static int
admit_all(struct job *j)
{
	struct store_delivery *d = &j->delivery;
	unsigned i, refused = 0;

	for (i = 0; i < j->count; i++) {
		j->targets[i].result = admit(j, &j->targets[i]);
		refused += j->targets[i].result != MAILBOX_OK;
	}
	return d->each ? d->count > 0 : refused == 0;
}

/* The room that was kept: taken by what was delivered, or free again. */
static void
settle(struct job *j, struct target *t, int was_tried)
{
	const struct store_delivery *d = &j->delivery;
	const struct store_place *p = &d->places[t->place];
	int is_delivered = 0;

	if (was_tried && t->result == MAILBOX_OK) {
		t->result = p->result;
		/* Where it failed for all, but for no place's fault. */
		if (d->result != MAILBOX_OK && d->each)
			t->result = d->result;
		is_delivered = d->result == MAILBOX_OK &&
			       p->result == MAILBOX_OK && !p->there;
	}
	if (t->reserved)
		quota_settle(t->name, &t->owner, d->size, is_delivered);
}

/* Answers with the result of each, and frees j. */
static void
finish(struct job *j, int was_tried)
{
	unsigned char results[WIRE_TARGETS_MAX];
	struct packet fields;
	unsigned i, failed = 0;

	for (i = 0; i < j->count; i++) {
		settle(j, &j->targets[i], was_tried);
		results[i] = (unsigned char)j->targets[i].result;
		failed += results[i] != MAILBOX_OK;
	}
	/* Nobody has it, and nobody is to blame. */
	if (was_tried && failed == 0 && j->delivery.result != MAILBOX_OK)
		memset(results, j->delivery.result, j->count);
	packet_init(&fields, 0);
	packet_put_data(&fields, results, j->count);
	request_reply(&j->request,
	    fields.error == 0 ? PACKET_OK : PACKET_TEMPORARY, &fields);
	packet_free(&fields);
	job_free(j);
}

int
answer_deliver(struct request *q)
{
	struct job *j = calloc(1, sizeof(*j));
	int result = 1;

	if (j != NULL) {
		j->request = q;
		j->delivery.spool = -1;
		result = read_request(j, &q->packet);
	}
	if (result == 0 && queue.count >= QUEUE_MAX)
		result = 1;
	if (result != 0) {
		if (j != NULL)
			job_free(j);
		if (result == 1)
			request_reply(&q, PACKET_TEMPORARY, NULL);
		return result == 1 ? 0 : -1;
	}
	if (!admit_all(j)) {
		finish(j, 0);
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
		finish(j, 1);
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
