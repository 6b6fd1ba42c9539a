#include "mailbox_deliver.h"

#include "clock.h"
#include "fiber.h"
#include "log.h"
#include "mailbox_owners.h"
#include "meter.h"
#include "quota.h"
#include "ring.h"
#include "server.h"
#include "store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Deliveries that wait for a batch; more are turned away. */
#define QUEUE_MAX 1024
/* Maildirs of one batch: each may take two descriptors. */
#define PLACES_MAX 1000
/* How old a message may be that smtpd has taken back. */
#define RETRACT_TIME (600 * CLOCK_SECOND)

/* One mailbox of a delivery. */
struct target {
	char name[WIRE_NAME_MAX];
	struct owner owner;
	/* enum mailbox_result, or WIRE_DELIVER_MOVED and a helper's number */
	unsigned char result;
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

/* Whether the body is what the request says: inline, or in the spool, which may
 * have got names (is_known). */
static int
is_sound(const struct store_delivery *d, size_t length, int is_known)
{
	if (d->spool == -1)
		return length == d->size && d->size <= WIRE_INLINE_MAX &&
		       count_lines(d->body, length) == d->lines;
	return length == 0 && d->size > WIRE_INLINE_MAX &&
	       d->lines <= d->size && d->size < UINT64_C(1) << 40 &&
	       store_is_spool(d->spool, d->size, is_known);
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

/* Reads the fields that deliveries and retracts begin with: as read_request. */
static int
read_head(struct job *j, struct packet *p, uint8_t *flags)
{
	struct store_delivery *d = &j->delivery;

	d->trace = packet_get_u64(p);
	d->received = (int64_t)packet_get_u64(p);
	d->size = packet_get_u64(p);
	d->lines = packet_get_u64(p);
	*flags = packet_get_u8(p);
	d->again = (*flags & WIRE_DELIVER_AGAIN) != 0;
	d->wire = (*flags & WIRE_DELIVER_WIRE) != 0;
	d->each = (*flags & WIRE_DELIVER_EACH) != 0;
	j->count = packet_get_u32(p);
	if (p->error != 0 || j->count == 0 || j->count > WIRE_TARGETS_MAX ||
	    (*flags & ~WIRE_DELIVER_FLAGS) != 0 || (d->wire && d->lines > 0) ||
	    d->received < 0)
		return -1;
	return read_targets(j, p) == -1 ? 1 : 0;
}

/* Reads the fields into j: 0; 1 where memory is out; -1 where they are
 * malformed. */
static int
read_request(struct job *j, struct packet *p)
{
	struct store_delivery *d = &j->delivery;
	uint8_t flags;
	size_t length;
	int result = read_head(j, p, &flags);

	if (result != 0)
		return result;
	d->body = packet_get_data(p, WIRE_INLINE_MAX, &length);
	d->spool = packet_take_fd(p);
	if (packet_end(p) == -1 ||
	    !is_sound(d, length,
		(flags & (WIRE_DELIVER_AGAIN | WIRE_DELIVER_PART)) != 0))
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
static unsigned char
admit(struct job *j, struct target *t)
{
	struct store_delivery *d = &j->delivery;
	enum mailbox_result result;
	unsigned helper;

	result = mailbox_owners_find(t->name, &t->owner);
	if (result != MAILBOX_OK)
		return (unsigned char)result;
	if (!mailbox_owners_is_ours(&t->owner, &helper))
		return (unsigned char)(WIRE_DELIVER_MOVED | helper);
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
		t->result = (unsigned char)p->result;
		/* Where it failed for all, but for no place's fault. */
		if (d->result != MAILBOX_OK && d->each)
			t->result = (unsigned char)d->result;
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
	unsigned i, failed = 0, unclear = 0;

	for (i = 0; i < j->count; i++) {
		settle(j, &j->targets[i], was_tried);
		results[i] = j->targets[i].result;
		failed += results[i] != MAILBOX_OK;
		unclear += results[i] == MAILBOX_TEMPORARY;
	}
	/* Nobody has it, and nobody is to blame. */
	if (was_tried && failed == 0 && j->delivery.result != MAILBOX_OK)
		memset(results, j->delivery.result, j->count);
	packet_init(&fields, 0);
	packet_put_data(&fields, results, j->count);
	/* Where this process ends, the next one knows more (server.h). */
	if (unclear > 0 && fiber_cancelled())
		request_reply(&j->request, PACKET_TEMPORARY, NULL);
	else
		request_reply(&j->request,
		    fields.error == 0 ? PACKET_OK : PACKET_TEMPORARY, &fields);
	packet_free(&fields);
	job_free(j);
}

static struct job *
new_job(struct request *q)
{
	struct job *j = calloc(1, sizeof(*j));

	if (j == NULL)
		return NULL;
	j->request = q;
	j->delivery.spool = -1;
	return j;
}

int
answer_deliver(struct request *q)
{
	struct job *j = new_job(q);
	int result = 1;

	if (j != NULL)
		result = read_request(j, &q->packet);
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
	meter_put(METER_QUEUED, queue.count);
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
	meter_put(METER_QUEUED, queue.count);
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
	if (result == 0)
		meter_note(METER_BATCH, n, 1);
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
	free(queue.batch);
	queue.batch = calloc(most, sizeof(struct store_delivery *));
	if (queue.batch == NULL)
		return -1;
	ring_init(&queue.ring);
	return fiber_spawn("commit", commit_main, NULL);
}

/* A message that is to be taken back, and whose turn has not come. */
static void
drop_waiting(const struct store_delivery *d)
{
	struct job **at = &queue.head, *j;

	while ((j = *at) != NULL) {
		if (j->delivery.trace != d->trace ||
		    j->delivery.received != d->received) {
			at = &j->next;
			continue;
		}
		*at = j->next;
		queue.count--;
		meter_put(METER_QUEUED, queue.count);
		for (unsigned i = 0; i < j->count; i++)
			j->targets[i].result = MAILBOX_TEMPORARY;
		finish(j, 0);
	}
	queue.tail = at;
}

/* Takes back what was delivered lately: 0, or -1 with errno. */
static int
retract_one(const struct store_delivery *d, struct target *t)
{
	char name[MAILDIR_NAME_MAX], file[4 + MAILDIR_NAME_MAX];
	const char *files[1] = {file};
	enum mailbox_result result = mailbox_owners_find(t->name, &t->owner);

	store_name(d, name);
	if (result != MAILBOX_OK ||
	    !store_is_recent(queue.store, &t->owner, name))
		return 0;
	if (store_retract(queue.store, &t->owner, name) == -1)
		return -1;
	snprintf(file, sizeof(file), "new/%s", name);
	quota_removed(t->name, &t->owner, files, 1);
	return 0;
}

int
answer_retract(struct request *q)
{
	struct job *j = new_job(q);
	int result = 1, code = 0;
	uint8_t flags;

	if (j != NULL)
		result = read_head(j, &q->packet, &flags);
	if (result == 0 && packet_end(&q->packet) == -1)
		result = -1;
	if (result == 0 && clock_wall() - j->delivery.received > RETRACT_TIME)
		result = 1;
	if (result == 0)
		drop_waiting(&j->delivery);
	for (unsigned i = 0; result == 0 && i < j->count; i++)
		if (retract_one(&j->delivery, &j->targets[i]) == -1) {
			code = errno;
			result = 1;
			log_warn("retract.failed",
			    log_id("trace", j->delivery.trace),
			    log_errno(code));
		}
	if (j != NULL)
		job_free(j);
	if (result != -1)
		request_reply(
		    &q, result == 0 ? PACKET_OK : PACKET_TEMPORARY, NULL);
	if (code == EIO)
		mailbox_deliver_give_up();
	return result == -1 ? -1 : 0;
}
