/*
 * The metrics helper: shows what all processes count, as OpenMetrics text and
 * as a page, to who asks on this machine; runs only where helpers.conf says
 * where.  It reads memory that the others count in, and nothing else of theirs:
 * whoever takes it over learns how much mail there is.  It has a user of its
 * own, no capability, no file, and the sockets that it was started with.
 * docs/metrics.md has the series, docs/helpers.md the request.
 */
#include "clock.h"
#include "fiber.h"
#include "helper.h"
#include "log.h"
#include "meter_table.h"
#include "metrics_http.h"
#include "metrics_page.h"
#include "metrics_past.h"
#include "metrics_sources.h"
#include "metrics_text.h"
#include "packet.h"
#include "privileges.h"
#include "ring.h"
#include "server.h"
#include "settings.h"
#include "super_old.h"
#include "wire.h"
#include "worker.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static const char *const calls[] = {"@base", "@loop", "@socket", NULL};

static const struct privileges privileges = {
    .process = "metrics",
    .root = "$run/empty",
    .capabilities = 0,
    .files = 1024,
    .file_size = 0,
    .processes = 0,
    .paths = {{NULL, 0}},
    .calls = calls,
};

/* Of a service.  A client process has one connection; old ones that end have,
 * too. */
#define PEERS_MAX (2 * SUPER_OLD_MAX)

static const struct helper *helper;

/* METER: no answer. */
static int
answer_meter(struct request *q)
{
	uint32_t layout, sets;
	int fd, known = metrics_sources_known();

	layout = packet_get_u32(&q->packet);
	sets = packet_get_u32(&q->packet);
	if (packet_end(&q->packet) == -1 ||
	    (fd = packet_take_fd(&q->packet)) == -1)
		return -1;
	if (layout != meter_layout()) {
		/* Of another version: its cells are not ours. */
		log_info(
		    "metrics.other_version", log_int("role", request_role(q)));
		close(fd);
	} else if (metrics_sources_take(
		       request_role(q), fd, sets, request_peer_data(q)) == -1) {
		return -1;
	}
	/* A service whose counters we had not yet. */
	if (known != metrics_sources_known())
		metrics_past_begin();
	request_drop(&q);
	return 0;
}

static const struct server_row rows[] = {
    {WIRE_METER, ROLE_SMTPD | ROLE_POP3D, SERVER_FD, answer_meter, "meter"},
    {.answer = NULL},
};
/* One a service: whoever has taken one over keeps no place from the other. */
static struct server servers[] = {
    {.rows = rows, .gone = metrics_sources_gone, .peers_max = PEERS_MAX},
    {.rows = rows, .gone = metrics_sources_gone, .peers_max = PEERS_MAX},
};

static int
find(const char *path, const char *accept, struct metrics_answer *to)
{
	static struct metrics_sum sums[METRICS_SUMS];
	size_t count;

	if (strcmp(path, "/metrics") == 0) {
		/* What Prometheus asks for names both; what asks for text alone
		 * is older. */
		enum metrics_format format =
		    strstr(accept, "text/plain") != NULL &&
			    strstr(accept, "openmetrics") == NULL
			? METRICS_PLAIN
			: METRICS_OPEN;

		count = metrics_sources_sum(sums);
		to->text = metrics_text(sums, count, format, &to->length);
		to->type = metrics_text_type(format);
		return 0;
	}
	if (strcmp(path, "/") != 0)
		return -1;
	to->text = metrics_page(&to->length);
	to->type = "text/html; charset=utf-8";
	to->policy = metrics_page_policy;
	return 0;
}

static void
remember(void *arg)
{
	(void)arg;
	do {
		metrics_sources_tidy();
		metrics_past_step();
	} while (ring_sleep(ring_self(), clock_after(METRICS_PAST_STEP)) == 0 ||
		 errno == EINTR);
}

static int
open_all(void)
{
	if (server_listen(&servers[0], helper->smtpd, ROLE_SMTPD) == -1 ||
	    server_listen(&servers[1], helper->pop3d, ROLE_POP3D) == -1)
		return -1;
	if (fiber_spawn("past", remember, NULL) == -1)
		return -1;
	for (unsigned i = 0; i < helper->shows; i++)
		if (metrics_http_serve(helper->show[i], find) == -1)
			return -1;
	return 0;
}

static void
serve(void *arg)
{
	int *failed = arg;

	if (open_all() == -1) {
		log_error("metrics.serve", log_errno(errno));
		*failed = 1;
		worker_stop();
		return;
	}
	log_info("metrics.ready", log_int("addresses", helper->shows));
	helper_serve_until_told();
}

int
metrics_run(const struct helper *h)
{
	int keep[HELPER_SHOWS_MAX + 4], failed = 0;
	const char *why;
	size_t n = 0;

	helper = h;
	keep[n++] = h->smtpd;
	keep[n++] = h->pop3d;
	keep[n++] = h->park[0];
	keep[n++] = h->park[1];
	for (unsigned i = 0; i < h->shows; i++)
		keep[n++] = h->show[i];
	if (metrics_http_load(&why) == -1) {
		log_error("metrics.library", log_text("error", why));
		return 1;
	}
	if (helper_drop(h, &privileges, keep, n) == -1)
		return 1;
	metrics_sources_begin(h->park);
	if (worker_run(1, serve, &failed) == -1)
		failed = 1;
	return failed;
}
