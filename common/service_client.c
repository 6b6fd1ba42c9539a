#include "service_client.h"

#include "clock.h"
#include "fiber.h"
#include "log.h"
#include "meter.h"
#include "service.h"
#include "service_accept.h"
#include "service_admin.h"
#include "service_conf.h"
#include "service_control.h"
#include "service_id.h"
#include "service_leave.h"
#include "service_listeners.h"
#include "service_meter.h"
#include "service_notify.h"
#include "service_renew.h"
#include "super.h"
#include "tls_client.h"
#include "tls_conf.h"
#include "tls_offload.h"
#include "tls_sign.h"
#include "worker.h"

#include <errno.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#define TRIM_EVERY (30 * CLOCK_SECOND)
/* How often one that leaves looks whether it can go. */
#define LOOK_EVERY (50 * CLOCK_MILLISECOND)
#define WHY_MAX	   512
/* How often handshakes without a key have the parent look for another. */
#define ASK_EVERY (CLOCK_SECOND / 4)

static struct {
	const struct service_start *start;
	struct service_conf *first; /* for service.open */
	struct service_news news;
	int64_t drain;	   /* of the latest conf: how long it may leave */
	atomic_int failed; /* a worker could not start */
} own;

/*
 * A burst of sessions leaves its memory in pieces between what lives on.  Gives
 * the free pages back, if anything has come in since the last time.
 */
static void
trim_memory(void)
{
	static unsigned long long trimmed_at;
	unsigned long long accepted = service_id_count();

	if (accepted == trimmed_at)
		return;
	trimmed_at = accepted;
	malloc_trim(0);
}

/* Another process has come in our place: until the last session has ended, or
 * the process is told to end. */
static void
leave(void)
{
	int64_t until = clock_after(own.drain);
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	service_leave_begin(own.start->workers);
	do
		if (worker_signal(&set, clock_after(LOOK_EVERY)) != -1)
			return;
	while (!service_leave_is_done() && clock_now() < until);
	if (!service_leave_is_done())
		log_warn("service.left_early",
		    log_int("sessions", (int64_t)service_accept_count()));
}

/* Until the process is told to end. */
static void
signals_main(void *arg)
{
	sigset_t set;
	int signal;

	(void)arg;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR2);
	for (;;) {
		signal = worker_signal(&set, clock_after(TRIM_EVERY));
		if (signal == -1 && errno == ETIMEDOUT)
			trim_memory();
		else if (signal == SIGHUP) /* only the parent reads the conf */
			log_warn("reload.ignored",
			    log_text("hint", "send SIGHUP to the parent"));
		else
			break;
	}
	if (signal == SIGUSR2)
		leave();
	worker_stop();
}

/* The conf of a reading, which loses it.  NULL after a log line. */
static struct service_conf *
make_conf(const struct conf_spec *spec, struct service_news *n)
{
	const struct service_settings *settings = n->conf;
	struct service_conf *conf;
	struct tls_client *others = NULL;
	struct tls_conf *tls = NULL;
	char why[WHY_MAX];

	if (n->files.length > 0 &&
	    ((settings->tls.certificates.count > 0 &&
		 (tls = tls_conf_new(
		      &settings->tls, &n->files, why, sizeof(why))) == NULL) ||
		(tls_settings_has_trust(&settings->tls) &&
		    (others = tls_client_new(&n->files, why, sizeof(why))) ==
			NULL))) {
		/* The parent has tried it: memory, most likely. */
		log_error("conf.tls", log_text("error", why));
		tls_conf_free(&tls);
		return NULL;
	}
	conf = service_conf_new(spec, n->conf, tls, others);
	n->conf = NULL;
	tls_files_free(&n->files);
	return conf;
}

/* Hands a reading to all workers; takes its conf and descriptors over. */
static int
tell_workers(struct service_news *n)
{
	const struct conf_spec *spec = own.start->service->conf;
	struct service_conf *conf = make_conf(spec, n);
	int result = 0;

	if (conf == NULL) {
		service_control_forget(spec, n);
		errno = ENOMEM;
		return -1;
	}
	for (unsigned i = 0; i < own.start->workers; i++)
		if (service_accept_tell(i, conf, n->fds, n->count, n->each) ==
		    -1)
			result = -1;
	free(n->fds);
	n->fds = NULL;
	if (own.first == NULL)
		own.first = service_conf_hold(conf);
	service_conf_drop(&conf);
	return result;
}

static void
take_news(struct service_news *n)
{
	const struct service_settings *settings = n->conf;
	int64_t generation = n->generation;

	/* Where they are not the parent's (log_follow). */
	log_set_level((enum log_level)settings->log_level);
	log_set_format((enum log_format)settings->log_format);
	log_set_rate(settings->log_rate);
	fiber_set_stack_size((size_t)settings->stack_size);
	own.drain = settings->drain;
	service_renew_take(
	    n, own.start->service->conf, own.start->service->have_keys);
	if (tell_workers(n) == -1 && !worker_is_stopping())
		log_error("conf.not_taken", log_int("generation", generation),
		    log_errno(errno));
}

/* Keys of certificates that wait may have come. */
static void
look_for_keys(const struct conf_spec *spec)
{
	struct service_news n;

	if (service_renew_again(&n) == 0)
		return;
	if (tell_workers(&n) == -1 && !worker_is_stopping())
		log_error("conf.not_taken", log_int("generation", n.generation),
		    log_errno(errno));
	service_control_forget(spec, &n);
}

static void
control_main(void *arg)
{
	const struct conf_spec *spec = own.start->service->conf;
	struct watch watch;
	int got = -1;

	(void)arg;
	if (watch_open(&watch, ring_self(), own.start->control) == -1) {
		log_error("control.failed", log_errno(errno));
		return;
	}
	while (!fiber_cancelled()) {
		got = service_control_receive(
		    own.start->control, spec, &own.news);
		if (got == 1)
			take_news(&own.news);
		if (got == -1)
			break; /* the parent has gone: SIGTERM is on its way */
		if (got == 1 ||
		    watch_wait(&watch, EPOLLIN, service_renew_due()) == 0)
			continue;
		if (errno != ETIMEDOUT)
			break;
		look_for_keys(spec);
	}
	service_renew_end();
	service_control_forget(spec, &own.news);
	watch_close(&watch);
}

/* Worker 0 listens to the parent as well. */
static void
serve_first(void)
{
	struct fiber *signals = fiber_start("signals", signals_main, NULL);
	struct fiber *control = fiber_start("control", control_main, NULL);

	if (fiber_spawn("meter", service_meter, NULL) == -1)
		log_warn("meter.not_shown", log_errno(errno));

	if (signals != NULL && control != NULL) {
		if (own.start->admin != -1)
			service_admin_serve(
			    own.start->admin, own.start->workers);
		service_accept_serve();
	} else {
		log_error("worker.failed", log_errno(ENOMEM));
		own.failed = 1;
	}
	worker_stop();
	fiber_shield(1);
	if (signals != NULL)
		fiber_join(&signals, CLOCK_NEVER);
	if (control != NULL)
		fiber_join(&control, CLOCK_NEVER);
	fiber_shield(0);
}

void
service_view_of(const struct service_client *c, struct service_view *v)
{
	const struct service *s = own.start->service;

	if (c->session != NULL && s->view != NULL)
		s->view(c->session, v);
}

/* A worker that does handshakes for one that serves. */
static void
partner_main(const struct service *s)
{
	if (s->open_keys != NULL && s->open_keys() == -1) {
		log_error("worker.failed", log_errno(errno));
		own.failed = 1;
		worker_stop();
	} else {
		service_notify_live();
	}
	tls_offload_serve();
	fiber_shield(1);
	if (s->close_keys != NULL)
		s->close_keys();
	fiber_shield(0);
}

static void
worker_main(void *arg)
{
	const struct service *s = own.start->service;

	(void)arg;
	if (tls_offload_is_partner()) {
		partner_main(s);
		return;
	}
	if (s->open(service_conf_get(own.first)) == -1) {
		own.failed = 1;
		worker_stop();
		service_accept_end();
		tls_offload_end();
		return;
	}
	service_notify_live();
	if (worker_index() == 0)
		serve_first();
	else
		service_accept_serve();
	service_accept_end();
	tls_offload_end();
	fiber_shield(1);
	s->close();
	fiber_shield(0);
}

/* What was inherited, as if it had been sent. */
static int
make_news(struct service_news *n, const struct service_start *start)
{
	const struct service_listeners *l = start->listeners;

	*n = (struct service_news){.generation = start->generation,
	    .conf = start->conf,
	    .files = start->files,
	    .count = l->count,
	    .each = l->each};
	if ((n->fds = calloc(l->count * l->each + 1, sizeof(int))) == NULL)
		return -1;
	for (size_t i = 0; i < l->count; i++)
		memcpy(n->fds + i * l->each, l->items[i].fds,
		    l->each * sizeof(int));
	return 0;
}

/* A copy, because privileges_close_others sorts. */
static int
close_others(const struct service_news *n, const struct service_start *start)
{
	size_t count = n->count * n->each;
	int *keep = calloc(count + 3, sizeof(*keep)), result;

	if (keep == NULL)
		return -1;
	memcpy(keep, n->fds, count * sizeof(*keep));
	keep[count++] = start->control;
	if (start->admin != -1)
		keep[count++] = start->admin;
	if (meter_descriptor() != -1)
		keep[count++] = meter_descriptor();
	result = privileges_close_others(keep, count);
	free(keep);
	return result;
}

/* The parent may find a newer certificate, whose key there is. */
static void
ask_for_files(void)
{
	static _Atomic int64_t next;
	int64_t now = clock_now(), due = atomic_load(&next);

	if (now >= due &&
	    atomic_compare_exchange_strong(&next, &due, now + ASK_EVERY))
		service_control_ask(own.start->control);
}

int
service_client_run(void *arg)
{
	const struct service_start *start = own.start = arg;
	size_t listeners = start->listeners->count * start->listeners->each;

	/* One that fails to start is counted, too. */
	meter_begin(0, meter_sets(), METER_OTHERS_GO);
	if (make_news(&own.news, start) == -1 ||
	    close_others(&own.news, start) == -1) {
		log_error("start.failed", log_errno(errno));
		return 1;
	}
	if (privileges_drop(start->service->privileges, &start->place) == -1)
		return 1;
	super_end_with_parent();
	own.drain = ((const struct service_settings *)start->conf)->drain;
	service_renew_first(&start->files);
	tls_sign_watch(ask_for_files);
	service_notify_begin();
	service_accept_begin(
	    start->service, start->workers, start->is_balanced);
	if (tell_workers(&own.news) == -1) {
		log_error("start.failed", log_errno(errno));
		return 1;
	}
	log_info("service.ready", log_int("workers", start->workers),
	    log_int("listeners", (int64_t)listeners));
	if (tls_offload_begin(start->workers) == -1 ||
	    worker_run(2 * start->workers, worker_main, NULL) == -1) {
		log_error("start.failed", log_errno(errno));
		return 1;
	}
	tls_offload_free();
	service_conf_drop(&own.first);
	log_info("service.end");
	return own.failed ? 1 : 0;
}
