#include "service_accept.h"

#include "clock.h"
#include "fiber.h"
#include "log.h"
#include "meter.h"
#include "service.h"
#include "service_acceptor.h"
#include "service_conf.h"
#include "service_id.h"
#include "service_listen.h"
#include "worker.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Connections that may wait for a worker to look at its port. */
#define ERRANDS 4096

/* Sessions that may be on their way out beside those that the conf allows. */
#define LEAVING 64

/* Where a worker is told things; each in cache lines of its own. */
struct post {
	_Alignas(64) struct ring ring;
	struct port port;
	atomic_uint sessions; /* it has, or is about to get */
};

static struct {
	const struct service *service;
	unsigned workers;
	int is_balanced;
	atomic_uint sessions;
	atomic_uint leaving; /* they were turned away, and have not ended */
	struct post posts[WORKER_MAX];
} own;

/* What a session's fiber is given. */
struct session {
	struct service_errand errand; /* first: a connection may be sent */
	struct service_client client;
	struct service_conf *conf;
	struct post *post;
};

struct change {
	struct service_errand errand;
	struct service_conf *conf;
	size_t count;
	int fds[];
};

static _Thread_local struct service_conf *conf_now;
static _Thread_local int is_ending, is_closed; /* closed: to new ones */

unsigned
service_sessions(void)
{
	return atomic_load_explicit(&own.sessions, memory_order_relaxed);
}

unsigned
service_accept_count(void)
{
	return atomic_load(&own.sessions) + atomic_load(&own.leaving);
}

int
service_accept_send(unsigned worker, struct service_errand *e)
{
	return port_send(&own.posts[worker].port, &e->message, CLOCK_NEVER);
}

static struct post *
own_post(void)
{
	return &own.posts[worker_index()];
}

static void
end_session(struct session *s)
{
	/* Its place is another's already. */
	int is_gone = s->client.standing.is_turned_away;
	struct post *post = s->post;

	service_conf_drop(&s->conf);
	free(s);
	atomic_fetch_sub(is_gone ? &own.leaving : &own.sessions, 1);
	atomic_fetch_sub(&post->sessions, 1);
	meter_sub(METER_SESSIONS, 1);
	ring_notify(&post->ring);
}

static void
session_main(void *arg)
{
	struct session *s = arg;

	meter_add(METER_SESSIONS_TOTAL, 1);
	service_crowd_enter(&s->client);
	own.service->session(&s->client, service_conf_get(s->conf));
	service_crowd_leave(&s->client);
	end_session(s);
}

/* On the session's worker. */
static void
begin_session(struct service_errand *e)
{
	struct session *s = (void *)e;

	if (is_ending)
		service_crowd_refuse(s->client.fd, s->client.is_tls,
		    own.service->busy, "the service ends");
	else if (fiber_spawn("session", session_main, s) == -1)
		service_crowd_refuse(s->client.fd, s->client.is_tls,
		    own.service->busy, "no memory for a fiber");
	else
		return;
	end_session(s);
}

/* Likewise, where another worker has accepted it. */
static void
take_session(struct service_errand *e)
{
	meter_sub(METER_HANDED, 1);
	begin_session(e);
}

/* The worker with the fewest sessions; of several, each in its turn. */
static struct post *
least_busy(void)
{
	static unsigned turn;
	struct post *p, *best = NULL;
	unsigned i, n, fewest = 0;

	turn++;
	for (i = 0; i < own.workers; i++) {
		p = &own.posts[(turn + i) % own.workers];
		n = atomic_load_explicit(&p->sessions, memory_order_relaxed);
		if (best == NULL || n < fewest) {
			best = p;
			fewest = n;
		}
	}
	return best;
}

static struct session *
make_session(unsigned listener, int fd, const union listen_address *peer)
{
	struct session *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->errand.run = take_session;
	s->client.fd = fd;
	s->client.listener = listener;
	s->client.id = service_id_next();
	s->client.accepted = clock_now();
	s->client.busy = own.service->busy;
	s->client.peer = *peer;
	s->client.is_local = listen_is_loopback(peer);
	listen_text(peer, s->client.address);
	s->conf = service_conf_hold(conf_now);
	s->client.tls = service_conf_tls(s->conf);
	s->client.others = service_conf_others(s->conf);
	s->client.is_tls =
	    service_listen_is_tls(service_conf_get(s->conf), listener);
	s->post = own.is_balanced ? least_busy() : own_post();
	return s;
}

/* The place of who is turned away is the new one's.  Few may be on their way
 * out, so that there are never many more than the conf allows. */
static int
take_place(
    const struct service_settings *settings, const union listen_address *peer)
{
	if (atomic_fetch_add(&own.sessions, 1) < (unsigned)settings->sessions)
		return 1;
	atomic_fetch_sub(&own.sessions, 1);
	if (atomic_fetch_add(&own.leaving, 1) < LEAVING &&
	    service_crowd_make_room(peer) == 0)
		return 1;
	atomic_fetch_sub(&own.leaving, 1);
	return 0;
}

/* As service_acceptor_begin has it. */
static void
admit(unsigned listener, int fd, const union listen_address *peer)
{
	const struct service_settings *settings = service_conf_get(conf_now);
	int is_tls = service_listen_is_tls(settings, listener);
	struct session *s;

	if (!take_place(settings, peer)) {
		service_crowd_refuse(
		    fd, is_tls, own.service->busy, "all sessions are taken");
		return;
	}
	if ((s = make_session(listener, fd, peer)) == NULL) {
		atomic_fetch_sub(&own.sessions, 1);
		service_crowd_refuse(
		    fd, is_tls, own.service->busy, "no memory");
		return;
	}
	atomic_fetch_add(&s->post->sessions, 1);
	meter_add(METER_SESSIONS, 1);
	if (s->post == own_post()) {
		begin_session(&s->errand);
		return;
	}
	meter_add(METER_HANDED, 1);
	if (port_send(&s->post->port, &s->errand.message, 0) == -1) {
		meter_sub(METER_HANDED, 1);
		service_crowd_refuse(
		    fd, is_tls, own.service->busy, "a worker is too busy");
		end_session(s);
	}
}

void
service_accept_begin(const struct service *s, unsigned workers, int is_balanced)
{
	own.service = s;
	own.workers = workers;
	own.is_balanced = is_balanced;
	service_acceptor_begin(admit);
	service_crowd_begin();
	service_id_begin();
	for (unsigned i = 0; i < workers; i++) {
		ring_init(&own.posts[i].ring);
		port_init(&own.posts[i].port, &own.posts[i].ring, ERRANDS);
	}
}

static void
free_change(struct change *c)
{
	for (size_t i = 0; i < c->count; i++)
		if (c->fds[i] != -1)
			close(c->fds[i]);
	service_conf_drop(&c->conf);
	free(c);
}

/* From the joins on nothing waits, so that no connection is admitted with the
 * number of another conf's address. */
static void
change_conf(struct service_errand *e)
{
	struct change *c = (struct change *)(void *)e;
	const struct service_settings *settings = service_conf_get(c->conf);

	if (is_closed) {
		free_change(c);
		return;
	}
	service_acceptor_keep(settings);
	for (unsigned i = 0; i < c->count; i++) {
		service_acceptor_take(settings, i, c->fds[i]);
		c->fds[i] = -1;
	}
	service_conf_drop(&conf_now);
	conf_now = service_conf_hold(c->conf);
	free_change(c);
	log_debug("conf.taken", log_int("worker", worker_index()),
	    log_int("fibers", (int64_t)fiber_count()),
	    log_int("sessions", own_post()->sessions));
}

int
service_accept_tell(unsigned worker, struct service_conf *conf, const int *fds,
    size_t count, unsigned each)
{
	struct change *c = malloc(sizeof(*c) + count * sizeof(c->fds[0]));
	size_t i;

	if (c != NULL) {
		*c = (struct change){.errand.run = change_conf,
		    .conf = service_conf_hold(conf),
		    .count = count};
		for (i = 0; i < count; i++)
			c->fds[i] = worker < each ? fds[i * each + worker] : -1;
		if (service_accept_send(worker, &c->errand) == 0)
			return 0;
		free_change(c);
		return -1;
	}
	for (i = 0; i < count && worker < each; i++)
		if (fds[i * each + worker] != -1)
			close(fds[i * each + worker]);
	return -1;
}

int
service_accept_call(unsigned worker, struct service_errand *e, int64_t deadline)
{
	return port_call(&own.posts[worker].port, &e->message, deadline);
}

static void
do_errands(void)
{
	struct message *m;

	while ((m = port_receive(&own_post()->port)) != NULL) {
		struct service_errand *e = (struct service_errand *)(void *)m;

		e->run(e);
	}
}

void
service_accept_serve(void)
{
	do
		do_errands();
	while (ring_wait(&own_post()->ring, CLOCK_NEVER) == 0);
}

void
service_accept_close(void)
{
	is_closed = 1;
	service_acceptor_end();
}

void
service_accept_end(void)
{
	struct post *post = own_post();

	is_ending = 1;
	service_accept_close();
	fiber_shield(1);
	port_close(&post->port);
	do_errands();
	while (atomic_load(&post->sessions) > 0)
		ring_wait(&post->ring, CLOCK_NEVER);
	fiber_shield(0);
	service_conf_drop(&conf_now);
}
