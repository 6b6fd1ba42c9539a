#include "metrics_http.h"

#include "clock.h"
#include "fiber.h"
#include "listen.h"
#include "log.h"
#include "ring.h"

#include <dlfcn.h>
#include <errno.h>
#include <microhttpd.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define LIBRARY "libmicrohttpd.so.12"

/* Of an address. */
#define CONNECTIONS 64
/* A connection's whole time, and how often that is looked at. */
#define LIFE	   (3 * CLOCK_SECOND)
#define LOOK_EVERY (100 * CLOCK_MILLISECOND)
/* What is left of it when the process ends. */
#define LAST_LIFE   CLOCK_SECOND
#define HEAD_OCTETS ((size_t)16384)

/* The library's functions that we call. */
static struct {
	__typeof__(MHD_start_daemon) *start;
	__typeof__(MHD_quiesce_daemon) *quiesce;
	__typeof__(MHD_stop_daemon) *stop;
	__typeof__(MHD_run) *run;
	__typeof__(MHD_get_timeout) *timeout;
	__typeof__(MHD_get_daemon_info) *daemon_info;
	__typeof__(MHD_get_connection_info) *connection_info;
	__typeof__(MHD_lookup_connection_value) *value;
	__typeof__(MHD_create_response_from_buffer) *response;
	__typeof__(MHD_add_response_header) *header;
	__typeof__(MHD_queue_response) *queue;
	__typeof__(MHD_destroy_response) *destroy;
} mhd;

static const struct {
	const char *name;
	void *to;
} functions[] = {
    {"MHD_start_daemon", &mhd.start},
    {"MHD_quiesce_daemon", &mhd.quiesce},
    {"MHD_stop_daemon", &mhd.stop},
    {"MHD_run", &mhd.run},
    {"MHD_get_timeout", &mhd.timeout},
    {"MHD_get_daemon_info", &mhd.daemon_info},
    {"MHD_get_connection_info", &mhd.connection_info},
    {"MHD_lookup_connection_value", &mhd.value},
    {"MHD_create_response_from_buffer", &mhd.response},
    {"MHD_add_response_header", &mhd.header},
    {"MHD_queue_response", &mhd.queue},
    {"MHD_destroy_response", &mhd.destroy},
};

/* A listening socket's server. */
struct site {
	struct MHD_Daemon *daemon;
	metrics_http_find *find;
	int is_local; /* a UNIX socket */
	struct {
		int fd; /* -1: none */
		int has_asked;
		int64_t until;
	} connections[CONNECTIONS];
};

int
metrics_http_load(const char **why)
{
	void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL), *found;

	for (size_t i = 0; i < sizeof(functions) / sizeof(*functions); i++) {
		found =
		    library != NULL ? dlsym(library, functions[i].name) : NULL;
		if (found == NULL) {
			*why = dlerror();
			return -1;
		}
		memcpy(functions[i].to, &found, sizeof(found));
	}
	return 0;
}

/*
 * A page of the web may have its own name lead to an address of loopback, to
 * read with the eyes of who looks at it: such a request has that name.
 */
static int
is_our_name(const char *host)
{
	static const char *const names[] = {"localhost", "127.", "[::1]"};
	size_t length;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		length = strlen(names[i]);
		if (strncasecmp(host, names[i], length) != 0)
			continue;
		if (i == 1) /* an address: digits and dots alone */
			length = strspn(host, "0123456789.");
		return host[length] == '\0' || host[length] == ':';
	}
	return 0;
}

static enum MHD_Result
send_answer(
    struct MHD_Connection *c, unsigned code, const struct metrics_answer *a)
{
	struct MHD_Response *r =
	    mhd.response(a->length, a->text, MHD_RESPMEM_MUST_FREE);
	enum MHD_Result result;

	if (r == NULL) {
		free(a->text);
		return MHD_NO;
	}
	mhd.header(r, "Content-Type", a->type);
	mhd.header(r, "Cache-Control", "no-store");
	mhd.header(r, "X-Content-Type-Options", "nosniff");
	if (a->policy != NULL)
		mhd.header(r, "Content-Security-Policy", a->policy);
	if (code == MHD_HTTP_METHOD_NOT_ALLOWED)
		mhd.header(r, "Allow", "GET, HEAD");
	/* RFC 9112 9.6: one request a connection. */
	mhd.header(r, "Connection", "close");
	result = mhd.queue(c, code, r);
	mhd.destroy(r);
	return result;
}

static enum MHD_Result
refuse(struct MHD_Connection *c, unsigned code, const char *text)
{
	struct metrics_answer a = {
	    .text = strdup(text), .type = "text/plain; charset=utf-8"};

	if (a.text == NULL)
		return MHD_NO;
	a.length = strlen(a.text);
	return send_answer(c, code, &a);
}

static void
note_asked(struct site *s, struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *info =
	    mhd.connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);

	for (unsigned i = 0; info != NULL && i < CONNECTIONS; i++)
		if (s->connections[i].fd == info->connect_fd)
			s->connections[i].has_asked = 1;
}

/* The library's call for each request, once its head is there. */
static enum MHD_Result
handle(void *arg, struct MHD_Connection *c, const char *path,
    const char *method, const char *version, const char *data, size_t *size,
    void **request)
{
	struct site *s = arg;
	struct metrics_answer a = {0};
	const char *host = mhd.value(c, MHD_HEADER_KIND, "Host");
	const char *accept = mhd.value(c, MHD_HEADER_KIND, "Accept");

	(void)version;
	(void)data;
	(void)size;
	(void)request;
	note_asked(s, c);
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
		return refuse(
		    c, MHD_HTTP_METHOD_NOT_ALLOWED, "Only GET and HEAD.\n");
	if (!s->is_local && (host == NULL || !is_our_name(host)))
		return refuse(c, MHD_HTTP_FORBIDDEN,
		    "Ask for localhost, or an address of it.\n");
	if (s->find(path, accept != NULL ? accept : "", &a) == -1)
		return refuse(
		    c, MHD_HTTP_NOT_FOUND, "Here are / and /metrics.\n");
	return a.text != NULL ? send_answer(c, MHD_HTTP_OK, &a) : MHD_NO;
}

/* The library's call where a connection begins and ends. */
static void
note(void *arg, struct MHD_Connection *c, void **own,
    enum MHD_ConnectionNotificationCode code)
{
	const union MHD_ConnectionInfo *info =
	    mhd.connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct site *s = arg;

	(void)own;
	for (unsigned i = 0; info != NULL && i < CONNECTIONS; i++) {
		if (code == MHD_CONNECTION_NOTIFY_STARTED &&
		    s->connections[i].fd == -1) {
			s->connections[i].fd = info->connect_fd;
			s->connections[i].until = clock_after(LIFE);
			s->connections[i].has_asked = 0;
			return;
		}
		if (code == MHD_CONNECTION_NOTIFY_CLOSED &&
		    s->connections[i].fd == info->connect_fd) {
			s->connections[i].fd = -1;
			return;
		}
	}
}

/* Who has closed his side before his request was whole: the library would hear
 * of it when his time is up. */
static int
has_left(const struct site *s, unsigned i)
{
	char octet;

	return !s->connections[i].has_asked &&
	       recv(s->connections[i].fd, &octet, 1, MSG_PEEK | MSG_DONTWAIT) ==
		   0;
}

/* Who sends a request octet by octet, or takes an answer so, is not idle: his
 * time is up all the same.  Returns how many there are. */
static unsigned
end_old(struct site *s)
{
	int64_t now = clock_now();
	unsigned count = 0;

	for (unsigned i = 0; i < CONNECTIONS; i++) {
		if (s->connections[i].fd == -1)
			continue;
		count++;
		if (s->connections[i].until <= now || has_left(s, i))
			shutdown(s->connections[i].fd, SHUT_RDWR);
	}
	return count;
}

/* When the library or we have something to do without input.  Where all places
 * were taken, it accepts again at the turn after the one that freed some. */
static int64_t
next_turn(const struct site *s, int is_busy)
{
	MHD_UNSIGNED_LONG_LONG ms;

	if (is_busy)
		return clock_after(LOOK_EVERY);
	if (mhd.timeout(s->daemon, &ms) == MHD_YES)
		return clock_after((int64_t)ms * CLOCK_MILLISECOND);
	return CLOCK_NEVER;
}

/* One turn, and the wait for the next: 0, or -1 where the process ends. */
static int
turn(struct site *s, struct pollfd *p)
{
	int is_busy = end_old(s) > 0;

	mhd.run(s->daemon);
	is_busy |= end_old(s) > 0;
	if (ring_poll(ring_self(), p, 1, next_turn(s, is_busy)) == -1 &&
	    errno != ETIMEDOUT && errno != EINTR)
		return -1;
	return 0;
}

/* Who was accepted is answered, if he asks; who was not finds the next process,
 * for which the listening socket stays open. */
static void
end_site(struct site *s, struct pollfd *p)
{
	int64_t until = clock_after(LAST_LIFE);
	int listener = mhd.quiesce(s->daemon);

	for (unsigned i = 0; i < CONNECTIONS; i++)
		if (s->connections[i].until > until)
			s->connections[i].until = until;
	fiber_shield(1);
	while (end_old(s) > 0 && clock_now() < until + LAST_LIFE)
		turn(s, p);
	fiber_shield(0);
	mhd.stop(s->daemon);
	if (listener != -1)
		close(listener);
	free(s);
}

static void
site_main(void *arg)
{
	struct site *s = arg;
	const union MHD_DaemonInfo *info =
	    mhd.daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	struct pollfd p = {.events = POLLIN};

	p.fd = info != NULL ? info->epoll_fd : -1;
	while (p.fd != -1 && !fiber_cancelled() && turn(s, &p) == 0)
		;
	end_site(s, &p);
}

int
metrics_http_serve(int listener, metrics_http_find *find)
{
	struct site *s = calloc(1, sizeof(*s));
	union listen_address own = {.any.sa_family = AF_UNSPEC};
	socklen_t length = sizeof(own);

	if (s == NULL || getsockname(listener, &own.any, &length) == -1)
		goto failed;
	s->find = find;
	s->is_local = own.any.sa_family == AF_UNIX;
	for (unsigned i = 0; i < CONNECTIONS; i++)
		s->connections[i].fd = -1;
	s->daemon = mhd.start(MHD_USE_EPOLL, 0, NULL, NULL, handle, s,
	    MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_CONNECTION_LIMIT,
	    (unsigned)CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT,
	    (unsigned)(LIFE / CLOCK_SECOND), MHD_OPTION_CONNECTION_MEMORY_LIMIT,
	    HEAD_OCTETS, MHD_OPTION_STRICT_FOR_CLIENT, 1,
	    MHD_OPTION_NOTIFY_CONNECTION, note, s, MHD_OPTION_END);
	if (s->daemon == NULL)
		goto failed;
	if (fiber_spawn("http", site_main, s) == 0)
		return 0;
	mhd.stop(s->daemon); /* closes the socket */
	free(s);
	errno = ENOMEM;
	return -1;
failed:
	free(s);
	close(listener);
	errno = EIO;
	return -1;
}
