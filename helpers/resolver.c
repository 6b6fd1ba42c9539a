/*
 * The resolver helper: DNS for smtpd and pop3d, validated where the conf says
 * so, and connections to backends (resolver_dial.h).  libunbound works in a
 * thread of its own; each request is a fiber that waits for it.
 * docs/helpers.md has the requests.
 */
#include "resolver.h"

#include "clock.h"
#include "fiber.h"
#include "helper.h"
#include "log.h"
#include "packet.h"
#include "privileges.h"
#include "rdata.h"
#include "resolver_dial.h"
#include "ring.h"
#include "server.h"
#include "service_notify.h"
#include "settings.h"
#include "super.h"
#include "wire.h"
#include "worker.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unbound.h>
#include <unistd.h>

/* libunbound's event base has a pipe of its own. */
static const char *const calls[] = {
    "@base", "@loop", "@thread", "@socket", "@connect", "pipe2", NULL};

static const struct privileges privileges = {
    .process = "resolver",
    .root = "$run/empty",
    .capabilities = 0,
    .files = 4096,
    .file_size = 0,
    .processes = 1, /* libunbound's thread */
    .paths = {{NULL, 0}},
    .calls = calls,
};

/* Connections at most; smtpd and pop3d have one for each worker. */
#define PEERS_MAX   1024
#define QUERIES_MAX 1000
/* What a caller may ask for; libunbound gives up sooner by itself. */
#define PATIENCE_MS   UINT64_C(120000)
#define CLASS_IN      1
#define RCODE_NOERROR 0
#define RCODE_NAME    3 /* NXDOMAIN */
#define NAME_SIZE     256

/* One question under way, on the stack of its fiber. */
struct query {
	struct ring ring;
	struct ub_result *result; /* ours, once done */
	int done;
	int error; /* enum ub_ctx_err */
};

static struct ub_ctx *unbound;
static const struct helper *helper;
static unsigned queries;
static int failed;

/* Called by ub_process, on our worker. */
static void
query_done(void *arg, int error, struct ub_result *result)
{
	struct query *query = arg;

	query->done = 1;
	query->error = error;
	query->result = result;
	ring_notify(&query->ring);
}

/* Asks and waits.  UB_NOERROR, and then *result is the caller's. */
static int
query_run(const char *name, enum resolver_type type, int64_t deadline,
    struct ub_result **result)
{
	struct query query = {0};
	int id, error;

	ring_init(&query.ring);
	error = ub_resolve_async(
	    unbound, name, (int)type, CLASS_IN, &query, query_done, &id);
	if (error != UB_NOERROR)
		return error;
	while (!query.done)
		if (ring_wait(&query.ring, deadline) == -1 && !query.done) {
			ub_cancel(unbound, id);
			return UB_SERVFAIL;
		}
	*result = query.result;
	return query.error;
}

static enum resolver_result
judge(const struct ub_result *result)
{
	if (result->bogus)
		return RESOLVER_BOGUS;
	if (result->rcode == RCODE_NAME || result->nxdomain)
		return RESOLVER_NONE;
	if (result->rcode != RCODE_NOERROR)
		return RESOLVER_TEMPORARY;
	return result->havedata ? RESOLVER_FOUND : RESOLVER_NONE;
}

/* Fills answer, the caller's; records that can't be told as text are left out.
 */
static enum resolver_result
read_records(struct resolver_answer *answer, const struct ub_result *result,
    enum resolver_type type)
{
	struct resolver_record *r;

	answer->records = calloc(RESOLVER_RECORDS, sizeof(*answer->records));
	if (answer->records == NULL)
		return RESOLVER_TEMPORARY;
	for (int i = 0; result->data[i] != NULL; i++) {
		if (answer->count == RESOLVER_RECORDS)
			break;
		r = &answer->records[answer->count];
		if (rdata_read(r, type, (const unsigned char *)result->data[i],
			(size_t)result->len[i]) == 0)
			answer->count++;
	}
	return answer->count > 0 ? RESOLVER_FOUND : RESOLVER_NONE;
}

static void
reply_with(struct request **q, enum resolver_result verdict,
    const struct resolver_answer *answer)
{
	struct packet fields;

	packet_init(&fields, 0);
	packet_put_u8(&fields, (uint8_t)verdict);
	packet_put_u8(&fields, (uint8_t)answer->secure);
	packet_put_u32(&fields, answer->ttl);
	packet_put_u32(&fields, answer->count);
	for (unsigned i = 0; i < answer->count; i++) {
		packet_put_u32(&fields, answer->records[i].preference);
		packet_put_text(&fields, answer->records[i].text);
	}
	request_reply(q, PACKET_OK, &fields);
	packet_free(&fields);
}

/* Asks libunbound; the answer is the caller's, empty unless FOUND. */
static enum resolver_result
look_up(const char *name, enum resolver_type type,
    struct resolver_answer *answer, int64_t deadline)
{
	struct ub_result *result = NULL;
	enum resolver_result verdict = RESOLVER_TEMPORARY;
	int error = query_run(name, type, deadline, &result);

	if (error == UB_SYNTAX)
		verdict = RESOLVER_NONE;
	if (error == UB_NOERROR && result != NULL) {
		answer->secure = result->secure;
		answer->ttl = result->ttl > 0 ? (uint32_t)result->ttl : 0;
		if ((verdict = judge(result)) == RESOLVER_FOUND)
			verdict = read_records(answer, result, type);
		if (verdict == RESOLVER_BOGUS)
			log_info("resolver.bogus", log_text("name", name),
			    log_text("why", result->why_bogus));
	}
	ub_resolve_free(result);
	return verdict;
}

/* Runs in a fiber of its own. */
static int
answer_resolve(struct request *q)
{
	char name[NAME_SIZE];
	struct resolver_answer answer = {0};
	enum resolver_result verdict;
	uint32_t type;
	uint64_t patience;

	packet_get_text(&q->packet, name, sizeof(name));
	type = packet_get_u32(&q->packet);
	patience = packet_get_u64(&q->packet);
	if (packet_end(&q->packet) == -1)
		return -1;
	if (type != RESOLVER_A && type != RESOLVER_PTR && type != RESOLVER_MX &&
	    type != RESOLVER_TXT && type != RESOLVER_AAAA)
		return -1;
	if (queries >= QUERIES_MAX) {
		request_reply(&q, PACKET_TEMPORARY, NULL);
		return 0;
	}
	if (patience > PATIENCE_MS)
		patience = PATIENCE_MS;
	queries++;
	verdict = look_up(name, type, &answer,
	    clock_after((int64_t)patience * CLOCK_MILLISECOND));
	queries--;
	reply_with(&q, verdict, &answer);
	free(answer.records);
	return 0;
}

static const struct server_row rows[] = {
    {WIRE_RESOLVE, ROLE_SMTPD | ROLE_POP3D, SERVER_FIBER, answer_resolve,
	"resolve"},
    {WIRE_DIAL, ROLE_POP3D, SERVER_FIBER, answer_dial, "dial"},
    {.answer = NULL},
};
static struct server server = {.rows = rows, .peers_max = PEERS_MAX};

/* Takes libunbound's answers as they come. */
static void
collect_answers(void *arg)
{
	struct watch watch;

	(void)arg;
	if (watch_open(&watch, ring_self(), ub_fd(unbound)) == -1) {
		log_error("resolver.serve", log_errno(errno));
		failed = 1;
		worker_stop();
		return;
	}
	do
		if (ub_process(unbound) != UB_NOERROR) {
			log_error("resolver.thread");
			failed = 1;
			worker_stop(); /* a new process begins anew */
		}
	while (watch_wait(&watch, EPOLLIN, CLOCK_NEVER) == 0);
	watch_close(&watch);
}

static void
serve(void *arg)
{
	(void)arg;
	if (server_listen(&server, helper->smtpd, ROLE_SMTPD) == -1 ||
	    server_listen(&server, helper->pop3d, ROLE_POP3D) == -1 ||
	    fiber_spawn("answers", collect_answers, NULL) == -1) {
		log_error("resolver.serve", log_errno(errno));
		failed = 1;
		worker_stop();
		return;
	}
	log_info("resolver.ready");
	service_notify_live_as(helper->beat);
	helper_serve_until_told();
}

/* 0, or -1 after a log line. */
static int
set_option(const char *name, const char *value)
{
	int error = ub_ctx_set_option(unbound, name, value);

	if (error == UB_NOERROR)
		return 0;
	log_error("resolver.option", log_text("option", name),
	    log_text("value", value), log_text("error", ub_strerror(error)));
	return -1;
}

static int
set_options(const struct helpers_conf *conf)
{
	char size[32];

	snprintf(size, sizeof(size), "%" PRId64, conf->resolver_cache / 2);
	/* A resolver on this machine may be asked, also for private networks.
	 */
	return set_option("msg-cache-size:", size) |
	       set_option("rrset-cache-size:", size) |
	       set_option("do-not-query-localhost:", "no") |
	       set_option("unblock-lan-zones:", "yes") |
	       set_option("outgoing-range:", "512") |
	       set_option("num-queries-per-thread:", "1024");
}

/* Whom to ask: what the conf or the system says; else the roots. */
static int
set_servers(const struct conf_list *servers)
{
	int error;

	for (size_t i = 0; i < servers->count; i++) {
		error = ub_ctx_set_fwd(unbound, servers->items[i]);
		if (error != UB_NOERROR) {
			log_error("resolver.server",
			    log_text("address", servers->items[i]),
			    log_text("error", ub_strerror(error)));
			return -1;
		}
	}
	if (servers->count == 0 &&
	    (error = ub_ctx_resolvconf(unbound, NULL)) != UB_NOERROR)
		log_warn("resolver.resolvconf",
		    log_text("error", ub_strerror(error)));
	if ((error = ub_ctx_hosts(unbound, NULL)) != UB_NOERROR)
		log_warn(
		    "resolver.hosts", log_text("error", ub_strerror(error)));
	return 0;
}

/*
 * Everything that needs a file.  libunbound reads the anchor only when it is
 * first asked, so it is asked for a name that it knows by itself.
 */
static int
set_up(const struct helpers_conf *conf)
{
	struct ub_result *result = NULL;
	int error;

	if ((unbound = ub_ctx_create()) == NULL) {
		log_error("resolver.unbound", log_errno(errno));
		return -1;
	}
	ub_ctx_debugout(unbound, NULL);
	if (set_options(conf) != 0 ||
	    set_servers(&conf->resolver_servers) == -1)
		return -1;
	if (conf->resolver_dnssec && access(conf->resolver_anchor, R_OK) == -1)
		log_warn("resolver.anchor",
		    log_text("path", conf->resolver_anchor), log_errno(errno));
	else if (conf->resolver_dnssec)
		ub_ctx_add_ta_file(unbound, conf->resolver_anchor);
	ub_ctx_async(unbound, 1); /* a thread, not a process */
	error =
	    ub_resolve(unbound, "localhost.", RESOLVER_A, CLASS_IN, &result);
	ub_resolve_free(result);
	if (error == UB_NOERROR)
		return 0;
	log_error("resolver.unbound", log_text("error", ub_strerror(error)));
	return -1;
}

int
resolver_run(const struct helper *h)
{
	const struct privileges_place place = helper_place(h);
	int keep[] = {h->smtpd, h->pop3d};

	helper = h;
	resolver_dial_allow(&h->conf->backends, look_up);
	if (privileges_close_others(keep, sizeof(keep) / sizeof(keep[0])) == -1)
		return 1;
	if (set_up(h->conf) == -1 || privileges_drop(&privileges, &place) == -1)
		failed = 1;
	super_end_with_parent();
	if (!failed && worker_run(1, serve, NULL) == -1) {
		log_error("resolver.worker", log_errno(errno));
		failed = 1;
	}
	if (unbound != NULL)
		ub_ctx_delete(unbound);
	return failed;
}
