#include "service.h"

#include "clock.h"
#include "fiber.h"
#include "log.h"
#include "privileges.h"
#include "ring.h"
#include "super.h"
#include "worker.h"

#include <errno.h>
#include <malloc.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

#define EXIT_WRONG_USAGE 64 /* EX_USAGE of sysexits.h */
#define REASON_MAX	 512

#define LINE_EVERY (10 * CLOCK_SECOND) /* about what lasts */
#define TRIM_EVERY (30 * CLOCK_SECOND)

/* How long an acceptor rests that found no descriptor or memory to go on. */
#define ACCEPT_PAUSE (100 * CLOCK_MILLISECOND)

const char *const service_logs[] = {"stderr", "syslog", NULL};
const char *const service_levels[] = {"error", "warn", "info", "debug", NULL};

/* The process's one service: set in the parent, inherited by its child. */
static struct {
	const struct service *service;
	void *conf;
	const struct service_settings *settings;
	struct privileges_place place;
	unsigned workers;
	int *listeners; /* workers for the first address, for the second... */
	uint64_t seed;
	atomic_ullong accepted;
	atomic_uint sessions;
	atomic_int failed; /* a worker could not start */
} own;

/* One listener of one worker, and the fiber that accepts from it. */
struct acceptor {
	struct watch watch;
	struct fiber *fiber;
	int fd;
	unsigned listener;
};

/* What a session's fiber is given. */
struct session {
	struct service_client client;
	unsigned *alive;   /* the worker's count of sessions */
	struct ring *done; /* notified when that has changed */
};

static _Thread_local unsigned sessions_here;
static _Thread_local struct ring *sessions_done;

unsigned
service_sessions(void)
{
	return atomic_load_explicit(&own.sessions, memory_order_relaxed);
}

/* The splitmix64 finalizer: neighbouring counts give unlike ids. */
static uint64_t
next_id(void)
{
	uint64_t z = own.seed + (atomic_fetch_add_explicit(
				     &own.accepted, 1, memory_order_relaxed) +
				    1) *
				    UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static void
end_session(struct session *s)
{
	atomic_fetch_sub(&own.sessions, 1);
	--*s->alive;
	ring_notify(s->done);
	free(s);
}

static void
session_main(void *arg)
{
	struct session *s = arg;

	own.service->session(&s->client, own.conf);
	end_session(s);
}

/* New work is turned away before old work suffers. */
static void
turn_away(int fd, const char *why)
{
	const char *busy = own.service->busy;

	log_warn("client.refused", log_text("reason", why));
	/* A new connection's buffer is empty, so this is sent whole; where it
	 * is not, the peer has gone, which is what was wanted. */
	if (send(fd, busy, strlen(busy), MSG_NOSIGNAL) != -1)
		shutdown(fd, SHUT_WR);
	close(fd);
}

static void
admit(const struct acceptor *a, int fd, const union listen_address *peer)
{
	struct session *s;

	if (atomic_fetch_add(&own.sessions, 1) >=
	    (unsigned)own.settings->sessions) {
		atomic_fetch_sub(&own.sessions, 1);
		turn_away(fd, "all sessions are taken");
		return;
	}
	if ((s = calloc(1, sizeof(*s))) == NULL) {
		atomic_fetch_sub(&own.sessions, 1);
		turn_away(fd, "no memory");
		return;
	}
	s->client.fd = fd;
	s->client.listener = a->listener;
	s->client.id = next_id();
	s->client.peer = *peer;
	s->client.is_local = listen_is_loopback(peer);
	listen_text(peer, s->client.address);
	s->alive = &sessions_here;
	s->done = sessions_done;
	++*s->alive;
	if (fiber_spawn("session", session_main, s) == -1) {
		turn_away(fd, "no memory for a fiber");
		end_session(s);
	}
}

static void
pause_after(int error)
{
	static _Thread_local int64_t next_line;

	if (error == EINTR)
		return;
	if (clock_now() >= next_line) {
		log_warn("accept.failed", log_errno(error));
		next_line = clock_after(LINE_EVERY);
	}
	ring_sleep(ring_self(), clock_after(ACCEPT_PAUSE));
}

static void
acceptor_main(void *arg)
{
	struct acceptor *a = arg;
	union listen_address peer;
	socklen_t length;
	int fd;

	if (watch_open(&a->watch, ring_self(), a->fd) == -1) {
		log_error("listener.failed", log_errno(errno));
		own.failed = 1;
		worker_stop();
		return;
	}
	while (!fiber_cancelled()) {
		length = sizeof(peer);
		memset(&peer, 0, sizeof(peer));
		fd = ring_accept(&a->watch, &peer.any, &length, CLOCK_NEVER);
		if (fd == -1 && errno != ECANCELED)
			pause_after(errno);
		if (fd == -1)
			continue;
		admit(a, fd, &peer);
		/* A flood of connections keeps nobody else from running. */
		fiber_yield();
	}
	watch_close(&a->watch);
}

static struct acceptor *
start_acceptors(size_t count)
{
	struct acceptor *acceptors = calloc(count, sizeof(*acceptors));
	size_t i;

	if (acceptors == NULL)
		return NULL;
	for (i = 0; i < count; i++) {
		struct acceptor *a = &acceptors[i];

		a->listener = (unsigned)i;
		a->fd =
		    own.listeners[i * own.workers + (unsigned)worker_index()];
		a->fiber = fiber_start("accept", acceptor_main, a);
		if (a->fiber == NULL)
			break;
	}
	if (i < count) {
		log_error("worker.failed", log_errno(ENOMEM));
		own.failed = 1;
		worker_stop();
	}
	return acceptors;
}

/*
 * A burst of sessions leaves its memory in pieces between what lives on.  Gives
 * the free pages back, if anything has come in since the last time.
 */
static void
trim_memory(void)
{
	static unsigned long long trimmed_at;
	unsigned long long accepted = own.accepted;

	if (accepted == trimmed_at)
		return;
	trimmed_at = accepted;
	malloc_trim(0);
}

/* Until the process is told to end. */
static void
serve_signals(void)
{
	sigset_t set;
	int signal;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	for (;;) {
		signal = worker_signal(&set, clock_after(TRIM_EVERY));
		if (signal == -1 && errno == ETIMEDOUT)
			trim_memory();
		else if (signal == SIGHUP)
			log_warn("reload.ignored",
			    log_text("hint", "restart to apply the conf"));
		else
			break;
	}
	worker_stop();
}

/* After worker_stop: everything of this worker unwinds. */
static void
wait_for_ends(struct acceptor *acceptors, size_t count)
{
	fiber_shield(1);
	for (size_t i = 0; i < count && acceptors != NULL; i++)
		if (acceptors[i].fiber != NULL)
			fiber_join(&acceptors[i].fiber, CLOCK_NEVER);
	while (sessions_here > 0)
		ring_wait(ring_self(), CLOCK_NEVER);
	own.service->close();
	fiber_shield(0);
}

static void
worker_main(void *arg)
{
	size_t count = own.settings->listen.count;
	struct acceptor *acceptors;

	(void)arg;
	sessions_done = ring_self();
	if (own.service->open(own.conf) == -1) {
		own.failed = 1;
		worker_stop();
		return;
	}
	acceptors = start_acceptors(count);
	if (acceptors == NULL)
		own.failed = 1;
	if (own.failed)
		worker_stop();
	else if (worker_index() == 0)
		serve_signals();
	else
		while (ring_wait(ring_self(), CLOCK_NEVER) == 0)
			; /* a session has ended: nothing to do yet */
	wait_for_ends(acceptors, count);
	free(acceptors);
}

/* A copy, because privileges_close_others sorts, and the order of the listeners
 * says whose they are. */
static int
close_others(size_t count)
{
	int *keep = calloc(count + 1, sizeof(*keep)), result;

	if (keep == NULL)
		return -1;
	memcpy(keep, own.listeners, count * sizeof(*keep));
	if (log_descriptor() != -1)
		keep[count++] = log_descriptor();
	result = privileges_close_others(keep, count);
	free(keep);
	return result;
}

/* The client process, from its fork to its end. */
static int
client_process(void *arg)
{
	const struct service *s = own.service;
	size_t count = own.settings->listen.count * own.workers;

	(void)arg;
	if (getrandom(&own.seed, sizeof(own.seed), 0) != sizeof(own.seed) ||
	    close_others(count) == -1) {
		log_error("start.failed", log_errno(errno));
		return 1;
	}
	if (privileges_drop(s->privileges, &own.place) == -1)
		return 1;
	super_end_with_parent();
	log_info("service.ready", log_int("workers", own.workers),
	    log_int("listeners", (int64_t)count));
	if (worker_run(own.workers, worker_main, NULL) == -1) {
		log_error("start.failed", log_errno(errno));
		return 1;
	}
	log_info("service.end");
	return own.failed ? 1 : 0;
}

static unsigned
count_workers(int64_t wanted)
{
	cpu_set_t set;

	if (wanted > 0)
		return wanted < WORKER_MAX ? (unsigned)wanted : WORKER_MAX;
	if (sched_getaffinity(0, sizeof(set), &set) == -1)
		return 1;
	return CPU_COUNT(&set) < WORKER_MAX ? (unsigned)CPU_COUNT(&set)
					    : WORKER_MAX;
}

/* Each session may hold its socket and a letter; as far as that is allowed. */
static void
raise_files_limit(void)
{
	rlim_t wanted = 2 * (rlim_t)own.settings->sessions + 1024;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == -1 || limit.rlim_max >= wanted)
		return;
	limit.rlim_max = wanted;
	if (setrlimit(RLIMIT_NOFILE, &limit) == -1)
		log_warn("limit.files", log_int("wanted", (int64_t)wanted),
		    log_errno(errno));
}

static void
bind_all(void)
{
	const struct conf_list *listen = &own.settings->listen;
	char why[REASON_MAX];

	if (listen->count == 0)
		fatal("listen names no address");
	own.listeners =
	    calloc(listen->count * own.workers, sizeof(*own.listeners));
	if (own.listeners == NULL)
		fatal("no memory");
	for (size_t i = 0; i < listen->count; i++)
		if (listen_open(listen->items[i],
			own.listeners + i * own.workers, own.workers, why,
			sizeof(why)) == -1)
			fatal("can't listen at %s", why);
}

static int
run_parent(void)
{
	const struct service_settings *settings = own.settings;
	struct super_child children[] = {
	    {.name = own.service->name, .run = client_process}, {.name = NULL}};
	int code;

	own.place.run = settings->run;
	if (privileges_user(settings->user, &own.place.uid, &own.place.gid) ==
	    -1)
		fatal("user '%s': %s", settings->user,
		    errno == ENOENT ? "no such user" : strerror(errno));
	own.workers = count_workers(settings->workers);
	log_open(own.service->name, (enum log_target)settings->log);
	log_set_level((enum log_level)settings->log_level);
	super_block_signals();
	raise_files_limit();
	bind_all();
	code = super_run(children, NULL);
	free(own.listeners);
	return code;
}

static int
usage(const struct service *s, FILE *to, int code)
{
	fprintf(to,
	    "usage: %s [-c file] [-n]\n"
	    "       %s -V | -h\n"
	    "  -c file  the conf (%s)\n"
	    "  -n       checks the conf and ends\n"
	    "  -V       prints the version\n",
	    s->name, s->name, s->conf_path);
	return code;
}

static void
load_conf(const char *path)
{
	const struct service *s = own.service;
	char why[REASON_MAX];

	if ((own.conf = conf_load(s->conf, path, why, sizeof(why))) == NULL)
		fatal("%s", why);
	if (s->prepare != NULL && s->prepare(own.conf, why, sizeof(why)) == -1)
		fatal("%s: %s", path, why);
	own.settings = own.conf;
}

int
service_main(const struct service *s, int argc, char **argv)
{
	const char *path = s->conf_path;
	int option, is_check = 0, code = 0;

	log_rename(s->name);
	own.service = s;
	while ((option = getopt(argc, argv, "c:nVh")) != -1) {
		if (option == 'c')
			path = optarg;
		else if (option == 'n')
			is_check = 1;
		else if (option == 'V')
			return printf("%s (ringmail) %s\n", s->name, VERSION) <
			       0;
		else
			return usage(s, option == 'h' ? stdout : stderr,
			    option == 'h' ? 0 : EXIT_WRONG_USAGE);
	}
	if (optind < argc)
		return usage(s, stderr, EXIT_WRONG_USAGE);
	load_conf(path);
	if (is_check)
		printf("%s: good\n", path);
	else
		code = run_parent();
	conf_free(s->conf, &own.conf);
	return code;
}
