#include "server.h"

#include "clock.h"
#include "fiber.h"
#include "log.h"
#include "meter.h"
#include "replies.h"
#include "ring.h"
#include "worker.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

/* Requests that are read before other fibers get a turn. */
#define REQUESTS_A_TURN 32
/* After an accept that failed for want of descriptors or memory. */
#define ACCEPT_PAUSE (100 * CLOCK_MILLISECOND)
/* Octets of a reply that is worth a copy. */
#define SMALL_REPLY 1024
#define READABLE    ((uint32_t)(EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))

struct server_listener {
	struct server *server;
	enum server_role role;
	struct ring ring;
	struct watch watch;
};

struct server_peer {
	struct server *server;
	enum server_role role;
	int attached; /* one socket of a pair: stays whatever it sends */
	int ended;    /* its fiber must end, or has: nothing more is sent */
	int running;  /* its fiber has not ended */
	int bundles;  /* it sends bundles, and so can read them */
	struct ring ring;
	struct watch watch;
	void *data;	   /* the helper's */
	unsigned requests; /* read, and not yet answered */
	struct replies replies;
};

/* An answer that may wait runs in a fiber with this. */
struct errand {
	const struct server_row *row;
	struct request *request;
};

/* Frees p once its fiber has ended and nobody works for it. */
static void
peer_put(struct server_peer *p)
{
	if (p->running || p->requests > 0)
		return;
	if (p->data != NULL && p->server->gone != NULL)
		p->server->gone(p->data);
	replies_free(&p->replies);
	p->server->peers--;
	free(p);
}

/* Has p's fiber close the connection. */
static void
peer_end(struct server_peer *p)
{
	if (p->ended)
		return;
	p->ended = 1;
	ring_notify(&p->ring);
}

/* Sends it at once, if that can be: 0; -1 where it must wait or be lost. */
static int
send_now(struct server_peer *p, const struct packet *reply)
{
	if (packet_send(p->watch.fd, reply) == 0)
		return 0;
	if (errno == EAGAIN) {
		watch_full(&p->watch);
		return -1;
	}
	log_info("reply.failed", log_int("type", reply->head.type),
	    log_errno(errno));
	peer_end(p);
	return 0;
}

/*
 * Small replies are put off until the peer's fiber runs, so that those of one
 * turn or one batch leave in one system call.
 */
static void
peer_send(struct server_peer *p, const struct packet *reply)
{
	int is_small = reply->length <= SMALL_REPLY && reply->fd == -1;

	if (p->ended)
		return;
	if (!is_small && p->replies.count == 0 && send_now(p, reply) == 0)
		return;
	if (p->replies.count < SERVER_REPLIES &&
	    replies_put(&p->replies, reply) == 0) {
		ring_notify(&p->ring);
		return;
	}
	log_warn("peer.slow", log_int("role", p->role));
	if (!p->attached)
		peer_end(p);
}

/* Sends what waits.  -1: the connection is lost. */
static int
peer_flush(struct server_peer *p)
{
	if ((p->watch.ready & EPOLLOUT) == 0 ||
	    replies_send(
		&p->replies, p->watch.fd, p->bundles ? PACKET_BUNDLES : 0) == 0)
		return 0;
	if (errno != EAGAIN)
		return -1;
	watch_full(&p->watch);
	return 0;
}

/* What a bad request costs: docs/helpers.md. */
static void
refuse(struct server_peer *p, const char *why, unsigned type)
{
	meter_add(METER_MALFORMED, 1);
	log_warn("request.refused", log_text("why", why), log_int("type", type),
	    log_int("role", p->role));
	if (!p->attached)
		peer_end(p);
}

static void
call_row(const struct server_row *row, struct request *q)
{
	struct server_peer *p = q->peer;

	if (row->answer(q) == 0)
		return;
	refuse(p, "malformed", row->type);
	request_drop(&q);
}

static void
errand_main(void *arg)
{
	struct errand e = *(struct errand *)arg;

	free(arg);
	call_row(e.row, e.request);
}

static void
start_errand(const struct server_row *row, struct request *q)
{
	struct errand *e = malloc(sizeof(*e));

	if (e != NULL) {
		*e = (struct errand){row, q};
		if (fiber_spawn(row->name, errand_main, e) == 0)
			return;
		free(e);
	}
	request_reply(&q, PACKET_TEMPORARY, NULL);
}

/* Why p may not ask this; NULL: it may. */
static const char *
objection(const struct server_peer *p, const struct server_row *row,
    const struct packet *packet)
{
	if (row->answer == NULL)
		return "unknown";
	if ((row->roles & p->role) == 0)
		return "not permitted";
	if (packet->head.status != 0)
		return "status";
	if (packet->fd != -1 && (row->flags & SERVER_FD) == 0)
		return "descriptor";
	return NULL;
}

/* Finds the row for what was read into packet, which is passed on or freed. */
static void
dispatch(struct server_peer *p, struct packet *packet)
{
	const struct server_row *row = p->server->rows;
	struct request *q = NULL;
	const char *why;

	while (row->answer != NULL && row->type != packet->head.type)
		row++;
	if ((why = objection(p, row, packet)) == NULL &&
	    (q = malloc(sizeof(*q))) == NULL)
		why = "no memory";
	if (why != NULL) {
		refuse(p, why, packet->head.type);
		packet_free(packet);
		return;
	}
	*q = (struct request){p, *packet};
	packet_init(packet, 0);
	p->requests++;
	meter_add(METER_ANSWERING, 1);
	if ((row->flags & SERVER_FIBER) != 0)
		start_errand(row, q);
	else
		call_row(row, q);
}

/* Serves what was received.  -1: the connection is lost. */
static int
serve_batch(struct server_peer *p, struct packet_batch *b)
{
	int error = 0;

	p->bundles |= b->bundles;
	for (unsigned i = 0; i < b->count; i++) {
		struct packet *packet = &b->packets[i];

		if (error == 0)
			error = packet->error;
		if (!p->ended && error == 0) {
			dispatch(p, packet);
			continue;
		}
		packet_free(packet);
		if (!p->ended && error == EBADMSG) {
			refuse(p, "no packet", 0);
			error = 0;
		}
	}
	return b->ended || error != 0 ? -1 : 0;
}

/* Reads and serves what has come.  -1: the connection is lost. */
static int
read_requests(struct server_peer *p)
{
	struct packet_batch batch;
	unsigned n = 0;

	while (!p->ended && (p->watch.ready & READABLE) != 0) {
		if (p->requests >= SERVER_REQUESTS)
			return 0;
		if (n >= REQUESTS_A_TURN) {
			ring_notify(&p->ring);
			fiber_yield();
			return 0;
		}
		if (packet_receive_some(p->watch.fd, &batch) == -1)
			return -1;
		if (batch.drained) /* a hang-up is still to be read */
			p->watch.ready &=
			    batch.count > 0 ? ~(uint32_t)EPOLLIN : ~READABLE;
		n += batch.count;
		if (serve_batch(p, &batch) == -1)
			return -1;
	}
	return 0;
}

static void
peer_main(void *arg)
{
	struct server_peer *p = arg;
	int fd = p->watch.fd;

	/* What comes once the worker stops is for the next process. */
	while (!p->ended && !worker_is_stopping()) {
		if (peer_flush(p) == -1 || read_requests(p) == -1)
			break;
		if (!p->ended && ring_wait(&p->ring, CLOCK_NEVER) == -1)
			break;
	}
	peer_flush(p); /* what was answered before the end came */
	p->ended = 1;
	watch_close(&p->watch);
	close(fd);
	p->running = 0;
	peer_put(p);
}

/* A peer with its fiber; fd is its own, also on failure. */
static int
peer_start(struct server *s, int fd, enum server_role role, int attached)
{
	struct server_peer *p = calloc(1, sizeof(*p));
	int error = ENOMEM;

	if (p == NULL)
		goto failed;
	p->server = s;
	p->role = role;
	p->attached = attached;
	p->running = 1;
	replies_init(&p->replies);
	ring_init(&p->ring);
	if (packet_socket(fd) == -1 ||
	    watch_open(&p->watch, &p->ring, fd) == -1) {
		error = errno;
		goto failed;
	}
	if (fiber_spawn("peer", peer_main, p) == -1) {
		watch_close(&p->watch);
		goto failed;
	}
	s->peers++;
	return 0;
failed:
	free(p);
	close(fd);
	errno = error;
	return -1;
}

static void
welcome(struct server *s, int fd, enum server_role role)
{
	if (s->peers >= s->peers_max) {
		log_warn("peer.refused", log_int("role", role),
		    log_int("peers", s->peers));
		close(fd);
	} else if (peer_start(s, fd, role, 0) == -1) {
		log_warn(
		    "peer.refused", log_int("role", role), log_errno(errno));
	}
}

static void
listener_main(void *arg)
{
	struct server_listener *l = arg;
	int listener = l->watch.fd, fd;

	for (;;) {
		fd = ring_accept(&l->watch, NULL, &(socklen_t){0}, CLOCK_NEVER);
		if (fd != -1) {
			welcome(l->server, fd, l->role);
			continue;
		}
		if (errno == ECANCELED)
			break;
		if (errno == EINTR)
			continue;
		log_warn("accept.failed", log_errno(errno));
		if (ring_sleep(&l->ring, clock_after(ACCEPT_PAUSE)) == -1 &&
		    errno == ECANCELED)
			break;
	}
	watch_close(&l->watch);
	close(listener);
	free(l);
}

int
server_listen(struct server *s, int listener, enum server_role role)
{
	struct server_listener *l = calloc(1, sizeof(*l));
	int error = ENOMEM;

	if (l == NULL)
		goto failed;
	l->server = s;
	l->role = role;
	ring_init(&l->ring);
	if (packet_socket(listener) == -1 ||
	    watch_open(&l->watch, &l->ring, listener) == -1) {
		error = errno;
		goto failed;
	}
	if (fiber_spawn("listener", listener_main, l) == 0)
		return 0;
	watch_close(&l->watch);
failed:
	free(l);
	close(listener);
	errno = error;
	return -1;
}

int
server_attach(struct server *s, int socket, enum server_role role)
{
	return peer_start(s, socket, role, 1);
}

/*
 * This process ends, and that may be all that is wrong: what may be sent twice
 * is sent again to the next one, once this connection has closed.  (One of a
 * pair does not close.)
 */
static int
is_better_unsaid(const struct server_peer *p, const struct packet *reply)
{
	return reply->head.status == PACKET_TEMPORARY && !p->attached &&
	       worker_is_stopping();
}

void
request_reply(
    struct request **q, enum packet_status status, const struct packet *fields)
{
	struct request *old = *q;
	struct packet reply;

	if (fields != NULL)
		reply = *fields;
	else
		packet_init(&reply, 0);
	reply.head = (struct packet_head){.id = old->packet.head.id,
	    .type = old->packet.head.type,
	    .status = (uint16_t)status};
	if (reply.error != 0) { /* too long, or no memory to build it */
		log_warn("reply.unfit", log_int("type", reply.head.type),
		    log_errno(reply.error));
		reply = (struct packet){.head = reply.head, .fd = -1};
		reply.head.status = PACKET_TEMPORARY;
	}
	if (is_better_unsaid(old->peer, &reply)) {
		request_drop(q);
		return;
	}
	if (reply.head.status < METER_STATUSES)
		meter_add(METER_ANSWERED + reply.head.status, 1);
	peer_send(old->peer, &reply);
	request_drop(q);
}

void
request_drop(struct request **q)
{
	struct request *old = *q;
	struct server_peer *p = old->peer;

	*q = NULL;
	packet_free(&old->packet);
	free(old);
	meter_sub(METER_ANSWERING, 1);
	/* Its fiber may have stopped reading. */
	if (p->requests-- == SERVER_REQUESTS && p->running)
		ring_notify(&p->ring);
	peer_put(p);
}

enum server_role
request_role(const struct request *q)
{
	return q->peer->role;
}

void **
request_peer_data(struct request *q)
{
	return &q->peer->data;
}

int
request_alive(const struct request *q)
{
	return !q->peer->ended;
}
