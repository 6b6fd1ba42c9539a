#include "device.h"

#include "calls.h"
#include "clock.h"
#include "fiber.h"
#include "log.h"
#include "meter.h"
#include "ring.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/un.h>
#include <unistd.h>

#define PAUSE_FIRST (10 * CLOCK_MILLISECOND)
#define PAUSE_MOST  CLOCK_SECOND
/* Replies that are taken before other fibers get a turn. */
#define REPLIES_A_TURN 64
#define READABLE       ((uint32_t)(EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))

struct device {
	char name[FIBER_NAME_MAX];
	enum meter_helper helper;
	struct sockaddr_un address;
	struct ring ring;
	struct watch watch; /* fd -1: not connected */
	struct fiber *fiber;
	struct calls calls;
	int attached;  /* can't connect */
	int stopping;  /* its worker stops */
	int ended;     /* closed, or stopped and idle */
	int malformed; /* a stub could not read a reply */
	int away;      /* it was logged that the helper is away */
	int64_t pause; /* before the next attempt to connect, ns */
};

static void
complete(struct device *d, struct call *c, int error)
{
	calls_complete(&d->calls, c, error);
	if (d->stopping)
		ring_notify(&d->ring);
}

static void
lose(struct device *d, int error)
{
	if (!d->away)
		log_warn("device.away", log_text("device", d->name),
		    log_errno(error));
	d->away = 1;
}

/* What a failed send means: -1 for the end of the connection. */
static int
send_failed(struct device *d, int error)
{
	switch (error) {
	case EAGAIN:
		watch_full(&d->watch);
		return 0;
	case EPIPE:
	case ECONNRESET:
	case ENOTCONN:
		lose(d, error);
		return -1;
	default: /* it is the packet's: too large, or its descriptor is bad */
		complete(d, d->calls.head, error);
		return 0;
	}
}

/* Until the queue is empty or the socket full; -1: the connection is lost. */
static int
send_queue(struct device *d)
{
	const struct packet *batch[PACKET_BATCH];
	struct call *c;
	unsigned n;
	int sent;

	while (d->calls.head != NULL && (d->watch.ready & EPOLLOUT) != 0) {
		n = 0;
		for (c = d->calls.head; c != NULL && n < PACKET_BATCH;
		     c = c->next)
			batch[n++] = c->request;
		sent = packet_send_some(d->watch.fd, batch, n, PACKET_BUNDLES);
		if (sent == -1 && send_failed(d, errno) == -1)
			return -1;
		for (; sent > 0; sent--)
			calls_sent(&d->calls, d->calls.head);
	}
	return 0;
}

/* Hands reply on, or frees it.  -1: it is malformed. */
static int
take_reply(struct device *d, struct packet *reply)
{
	struct call *c = calls_find(&d->calls, reply->head.id);

	if (c == NULL) {
		log_debug("device.late", log_text("device", d->name),
		    log_int("type", reply->head.type));
		packet_free(reply);
		return 0;
	}
	if (reply->head.type != c->request->head.type ||
	    reply->head.status >= PACKET_STATUSES) {
		packet_free(reply);
		errno = EBADMSG;
		return -1;
	}
	if (d->away)
		log_info("device.back", log_text("device", d->name));
	d->pause = d->away = 0;
	packet_free(c->reply);
	*c->reply = *reply;
	packet_init(reply, 0);
	complete(d, c, 0);
	return 0;
}

/* A reply that could not be read; -1: the connection must go. */
static int
bad_reply(struct device *d, struct packet *reply, int error)
{
	if (error == EBADMSG)
		device_malformed(d, reply->head.type);
	packet_free(reply);
	if (error == EBADMSG && d->attached)
		return 0;
	lose(d, error);
	return -1;
}

/* Hands on what was received; -1: the connection is lost or must be. */
static int
take_replies(struct device *d, struct packet_batch *b)
{
	int result = 0;

	for (unsigned i = 0; i < b->count; i++) {
		struct packet *p = &b->packets[i];

		if (result == -1)
			packet_free(p);
		else if (p->error != 0)
			result = bad_reply(d, p, p->error);
		else if (take_reply(d, p) == -1)
			result = bad_reply(d, p, errno);
	}
	if (result == 0 && b->ended) {
		lose(d, ECONNRESET);
		result = -1;
	}
	return result;
}

/* Takes what has come; -1: as above. */
static int
receive_replies(struct device *d)
{
	struct packet_batch batch;

	for (unsigned n = 0; (d->watch.ready & READABLE) != 0;
	     n += batch.count) {
		if (n >= REPLIES_A_TURN) {
			ring_notify(&d->ring);
			fiber_yield();
			return 0;
		}
		if (packet_receive_some(d->watch.fd, &batch) == -1) {
			lose(d, errno);
			return -1;
		}
		if (batch.drained) /* a hang-up is still to be read */
			d->watch.ready &=
			    batch.count > 0 ? ~(uint32_t)EPOLLIN : ~READABLE;
		if (take_replies(d, &batch) == -1)
			return -1;
	}
	return 0;
}

/*
 * Its worker stops: whoever still waits is shielded for a reason (a delivery
 * may have been carried out), so what is under way is served to its end.
 */
static void
stop(struct device *d)
{
	if (!d->stopping)
		fiber_shield(1);
	d->stopping = 1;
}

static int
is_over(struct device *d)
{
	if (d->stopping && d->calls.count == 0)
		d->ended = 1;
	return d->ended;
}

static void
serve(struct device *d)
{
	int lost = 0;

	while (!lost && !is_over(d) && !d->malformed) {
		/* After a failed send too: replies may wait to be read. */
		lost = send_queue(d) == -1;
		lost |= receive_replies(d) == -1;
		if (!lost && ring_wait(&d->ring, CLOCK_NEVER) == -1)
			stop(d);
	}
}

/* Sends anew, or fails, what was under way. */
static void
disconnect(struct device *d)
{
	int fd = d->watch.fd;
	struct call *c;

	watch_close(&d->watch);
	close(fd);
	d->malformed = 0;
	if (d->attached)
		d->ended = 1;
	for (uint32_t i = 0; !d->ended && i <= d->calls.mask; i++) {
		if ((c = d->calls.slots[i]) == NULL || c->state != CALL_SENT)
			continue;
		if ((c->flags & DEVICE_REPEAT) != 0 &&
		    c->repeats++ < DEVICE_REPEATS)
			calls_requeue(&d->calls, c);
		else
			complete(d, c, ECONNRESET);
	}
}

static int
try_connect(struct device *d)
{
	int fd =
	    socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int error;

	if (fd == -1)
		return -1;
	if (packet_socket(fd) == 0 &&
	    connect(fd, (struct sockaddr *)&d->address, sizeof(d->address)) ==
		0 &&
	    watch_open(&d->watch, &d->ring, fd) == 0)
		return 0;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

/* Sleeps, whoever notifies.  -1: there is nothing left to connect for. */
static int
pause_for(struct device *d, int64_t ns)
{
	int64_t deadline = clock_after(ns);

	while (!is_over(d)) {
		if (ring_sleep(&d->ring, deadline) == 0)
			return 0;
		if (errno != EINTR)
			stop(d);
	}
	return -1;
}

/* Nobody has listened for long: some do not wait any longer. */
static void
fail_brief(struct device *d)
{
	struct call *c;

	for (uint32_t i = 0; i <= d->calls.mask; i++)
		if ((c = d->calls.slots[i]) != NULL &&
		    (c->flags & DEVICE_BRIEF) != 0)
			complete(d, c, ECONNRESET);
}

/*
 * Connects, however long that takes.  The pause is taken back only when a reply
 * has come: a helper that hangs up at once must not be asked in a busy loop.
 */
static int
connect_again(struct device *d)
{
	for (;;) {
		if (d->pause > 0 && pause_for(d, d->pause) == -1)
			return -1;
		d->pause = d->pause == 0 ? PAUSE_FIRST : 2 * d->pause;
		if (d->pause > PAUSE_MOST)
			d->pause = PAUSE_MOST;
		if (try_connect(d) == 0)
			return 0;
		lose(d, errno);
		if (d->pause == PAUSE_MOST)
			fail_brief(d);
	}
}

static void
device_main(void *arg)
{
	struct device *d = arg;

	while (!is_over(d)) {
		if (d->watch.fd == -1 && connect_again(d) == -1)
			break;
		serve(d);
		disconnect(d);
	}
	/* One that was attached may have ended before it ever served. */
	if (d->watch.fd != -1)
		disconnect(d);
	d->ended = 1;
	for (uint32_t i = 0; i <= d->calls.mask; i++)
		if (d->calls.slots[i] != NULL)
			complete(d, d->calls.slots[i], EPIPE);
}

static void
device_free(struct device *d)
{
	calls_free(&d->calls);
	free(d);
}

/* A device without its fiber. */
static struct device *
device_new(const char *name, unsigned limit)
{
	struct device *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	if (calls_init(&d->calls, limit) == -1) {
		free(d);
		return NULL;
	}
	snprintf(d->name, sizeof(d->name), "%s", name);
	d->helper = meter_helper(name);
	d->watch.fd = -1;
	ring_init(&d->ring);
	return d;
}

struct device *
device_open(const char *name, const char *path, unsigned limit)
{
	struct device *d;

	if (strlen(path) >= sizeof(d->address.sun_path)) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	if ((d = device_new(name, limit)) == NULL)
		return NULL;
	d->address.sun_family = AF_UNIX;
	memcpy(d->address.sun_path, path, strlen(path));
	if ((d->fiber = fiber_start(d->name, device_main, d)) != NULL)
		return d;
	device_free(d);
	errno = ENOMEM;
	return NULL;
}

struct device *
device_attach(const char *name, int socket, unsigned limit)
{
	struct device *d;
	int error = 0;

	if ((d = device_new(name, limit)) == NULL) {
		error = errno;
		close(socket);
		errno = error;
		return NULL;
	}
	d->attached = 1;
	if (packet_socket(socket) == -1 ||
	    watch_open(&d->watch, &d->ring, socket) == -1)
		error = errno;
	else if ((d->fiber = fiber_start(d->name, device_main, d)) == NULL)
		error = ENOMEM;
	if (error == 0)
		return d;
	watch_close(&d->watch);
	close(socket);
	device_free(d);
	errno = error;
	return NULL;
}

void
device_close(struct device **d)
{
	struct device *old = *d;

	*d = NULL;
	if (old == NULL)
		return;
	old->ended = 1;
	fiber_cancel(old->fiber);
	ring_notify(&old->ring); /* where it is shielded from that */
	fiber_shield(1);
	while (old->fiber != NULL)
		fiber_join(&old->fiber, CLOCK_NEVER);
	fiber_shield(0);
	device_free(old);
}

/* An errno, or 0 where the reply is filled. */
static int
call(struct device *d, struct packet *request, struct packet *reply, int flags,
    int64_t deadline)
{
	struct call c = {.request = request, .reply = reply, .flags = flags};
	int error = 0;

	if (request->error != 0)
		return request->error;
	if (d->ended) /* by its worker, as for those who wait, or closed */
		return d->stopping ? ECANCELED : EPIPE;
	if (d->calls.count >= d->calls.limit)
		return EAGAIN;
	ring_init(&c.ring);
	calls_admit(&d->calls, &c);
	ring_notify(&d->ring);
	while (c.state != CALL_DONE)
		if (ring_wait(&c.ring, deadline) == -1) {
			error = errno;
			break;
		}
	/* Cancelled or late, and at the same time answered: that counts. */
	if (c.state == CALL_DONE) {
		error = c.error;
	} else {
		calls_forget(&d->calls, &c);
		if (d->stopping)
			ring_notify(&d->ring);
	}
	return error;
}

int
device_call(struct device *d, struct packet *request, struct packet *reply,
    int flags, int64_t deadline)
{
	enum meter_helper helper = d->helper; /* it may be closed meanwhile */
	int64_t since = clock_now();

	meter_add(METER_PENDING + helper, 1);
	errno = call(d, request, reply, flags, deadline);
	return meter_answer(helper, errno, clock_now() - since);
}

int
device_tell(struct device *d, const struct packet *request)
{
	if (request->error != 0 || d->watch.fd == -1 || d->calls.head != NULL ||
	    (d->watch.ready & EPOLLOUT) == 0)
		return -1;
	return packet_send(d->watch.fd, request);
}

unsigned
device_pending(const struct device *d)
{
	return d->calls.count;
}

int
device_connected(const struct device *d)
{
	return d->watch.fd != -1;
}

void
device_malformed(struct device *d, uint16_t type)
{
	log_warn("device.malformed", log_text("device", d->name),
	    log_int("type", type));
	if (d->attached || d->watch.fd == -1)
		return;
	d->malformed = 1;
	ring_notify(&d->ring);
}
