#include "resolver_dial.h"

#include "backends.h"
#include "clock.h"
#include "dial.h"
#include "log.h"
#include "packet.h"
#include "ring.h"
#include "server.h"
#include "wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Connections under way at most. */
#define DIALS_MAX 512
/* What the first addresses of a name may take of the time, where there are
 * others: one of these parts. */
#define PARTS 3

static const struct conf_list *allowed;
static resolver_dial_look_up *look_up;
static unsigned dials;

/* One attempt: what was asked, and how it goes. */
struct dial {
	char host[WIRE_HOST_MAX];
	unsigned port;
	int64_t deadline;
	union listen_address address;
	int fd;	   /* connected; -1 */
	int error; /* of the last address that failed */
	int found; /* there was an address */
};

void
resolver_dial_allow(
    const struct conf_list *servers, resolver_dial_look_up *with)
{
	allowed = servers;
	look_up = with;
}

static void
reply_refused(struct request **q, enum dial_result result, int error)
{
	struct packet fields;

	packet_init(&fields, WIRE_DIAL);
	packet_put_u8(&fields, (uint8_t)result);
	packet_put_u32(&fields, (uint32_t)error);
	request_reply(q, PACKET_REFUSED, &fields);
	packet_free(&fields);
}

static void
reply_socket(struct request **q, struct dial *d)
{
	char text[LISTEN_TEXT_MAX];
	struct packet fields;

	listen_text(&d->address, text);
	packet_init(&fields, WIRE_DIAL);
	packet_put_text(&fields, text);
	fields.fd = d->fd;
	d->fd = -1;
	request_reply(q, PACKET_OK, &fields);
	packet_free(&fields);
}

/* An address as text and the port; -1 where it is none. */
static int
set_address(struct dial *d, const char *text)
{
	union listen_address *a = &d->address;

	memset(a, 0, sizeof(*a));
	if (inet_pton(AF_INET, text, &a->in.sin_addr) == 1) {
		a->in.sin_family = AF_INET;
		a->in.sin_port = htons((uint16_t)d->port);
		return 0;
	}
	if (inet_pton(AF_INET6, text, &a->in6.sin6_addr) != 1)
		return -1;
	a->in6.sin6_family = AF_INET6;
	a->in6.sin6_port = htons((uint16_t)d->port);
	return 0;
}

static socklen_t
length_of(const union listen_address *a)
{
	return a->any.sa_family == AF_INET ? sizeof(a->in) : sizeof(a->in6);
}

/* Waits until a connection that is under way is there: 0, or an errno. */
static int
await(int fd, int64_t deadline)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	int error = 0, count;
	socklen_t size = sizeof(error);

	while ((count = ring_poll(ring_self(), &p, 1, deadline)) == 0)
		continue;
	if (count == -1 ||
	    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == -1)
		return errno;
	return error;
}

/* Connects to d->address until the deadline: sets fd, or error. */
static void
connect_to(struct dial *d, int64_t deadline)
{
	const union listen_address *a = &d->address;
	const int one = 1;
	int fd;

	d->found = 1;
	fd = socket(
	    a->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1) {
		d->error = errno;
		return;
	}
	/* Each direction carries what somebody waits for. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
	d->error = 0;
	if (connect(fd, &a->any, length_of(a)) == -1)
		d->error = errno == EINPROGRESS ? await(fd, deadline) : errno;
	if (d->error == 0)
		d->fd = fd;
	else
		close(fd);
}

/* Tries the name's addresses of one kind, in the order of the answer. */
static void
try_name(struct dial *d, enum resolver_type type)
{
	struct resolver_answer answer = {0};
	int64_t now;

	if (look_up(d->host, type, &answer, d->deadline) == RESOLVER_FOUND)
		for (unsigned i = 0; i < answer.count && d->fd == -1; i++) {
			now = clock_now();
			if (now >= d->deadline)
				break;
			if (set_address(d, answer.records[i].text) == 0)
				connect_to(
				    d, i + 1 < answer.count
					   ? now + (d->deadline - now) / PARTS
					   : d->deadline);
		}
	free(answer.records);
}

static void
dial(struct dial *d)
{
	if (set_address(d, d->host) == 0) {
		connect_to(d, d->deadline);
		return;
	}
	try_name(d, RESOLVER_A);
	if (d->fd == -1)
		try_name(d, RESOLVER_AAAA);
}

int
answer_dial(struct request *q)
{
	struct dial d = {.fd = -1};
	uint64_t patience;

	packet_get_text(&q->packet, d.host, sizeof(d.host));
	d.port = packet_get_u32(&q->packet);
	patience = packet_get_u64(&q->packet);
	if (packet_end(&q->packet) == -1)
		return -1;
	if (!backends_allow(allowed, d.host, d.port)) {
		log_warn("dial.forbidden", log_text("host", d.host),
		    log_int("port", d.port));
		reply_refused(&q, DIAL_FORBIDDEN, 0);
		return 0;
	}
	if (dials >= DIALS_MAX) {
		request_reply(&q, PACKET_TEMPORARY, NULL);
		return 0;
	}
	if (patience > DIAL_PATIENCE_MS)
		patience = DIAL_PATIENCE_MS;
	d.deadline = clock_after((int64_t)patience * CLOCK_MILLISECOND);
	dials++;
	dial(&d);
	dials--;
	if (d.fd != -1)
		reply_socket(&q, &d);
	else
		reply_refused(
		    &q, d.found ? DIAL_FAILED : DIAL_NO_HOST, d.error);
	return 0;
}
