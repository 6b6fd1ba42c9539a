/*
 * server -- any sequence of datagrams to a server with rows that parse as real
 * ones do.  The sender of a bad one is cut off; a second, well-behaved peer is
 * served after each input.
 *
 * Input: pieces of one octet of length and so many octets; each is a datagram.
 */
#include "clock.h"
#include "fiber.h"
#include "log.h"
#include "ring.h"
#include "server.h"
#include "worker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define DATAGRAMS 40
#define PING	  9
/* The kernel chooses a NUL and five hexadecimal digits: unix(7). */
#define ABSTRACT_LENGTH (sizeof(sa_family_t) + 6)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct server *server;
static const uint8_t *input;
static size_t input_size;
static struct request *kept;

static int
answer_texts(struct request *q)
{
	char text[32];
	struct packet fields;
	uint32_t count = packet_get_u32(&q->packet);

	if (count == 0 || count > 100)
		return -1;
	packet_init(&fields, 0);
	packet_put_u32(&fields, count);
	for (uint32_t i = 0; i < count && q->packet.error == 0; i++) {
		packet_get_text(&q->packet, text, sizeof(text));
		packet_put_text(&fields, text);
	}
	if (packet_end(&q->packet) == 0) {
		request_reply(&q, PACKET_OK, &fields);
		packet_free(&fields);
		return 0;
	}
	packet_free(&fields);
	return -1;
}

/* Waits before it looks at what it was asked. */
static int
answer_late(struct request *q)
{
	size_t length;

	fiber_yield();
	(void)packet_get_u64(&q->packet);
	(void)packet_get_data(&q->packet, 16, &length);
	if (packet_end(&q->packet) == -1)
		return -1;
	request_reply(&q, PACKET_REFUSED, NULL);
	return 0;
}

/* Keeps one request, to answer it when the next one comes. */
static int
answer_keep(struct request *q)
{
	if (kept != NULL)
		request_reply(&kept, PACKET_GONE, NULL);
	kept = q;
	return 0;
}

static int
answer_tell(struct request *q)
{
	if (packet_get_u8(&q->packet) == 0 || packet_end(&q->packet) == -1)
		return -1;
	request_drop(&q);
	return 0;
}

static int
answer_ping(struct request *q)
{
	if (packet_end(&q->packet) == -1)
		return -1;
	request_reply(&q, PACKET_OK, NULL);
	return 0;
}

static const struct server_row rows[] = {
    {1, ROLE_SMTPD, 0, answer_texts, "texts"},
    {2, ROLE_SMTPD, SERVER_FIBER, answer_late, "late"},
    {3, ROLE_SMTPD, 0, answer_keep, "keep"},
    {4, ROLE_SMTPD, 0, answer_tell, "tell"},
    {5, ROLE_POP3D, 0, answer_tell, "not permitted"},
    {PING, ROLE_SMTPD, 0, answer_ping, "ping"},
    {.answer = NULL},
};

static int
join(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);

	if (fd == -1 || connect(fd, (const struct sockaddr *)address,
			    ABSTRACT_LENGTH) == -1)
		abort();
	return fd;
}

static void
throw_datagrams(int fd)
{
	size_t length;

	for (int n = 0; n < DATAGRAMS && input_size > 1; n++) {
		length = *input++;
		input_size--;
		if (length > input_size)
			length = input_size;
		if (send(fd, input, length, MSG_NOSIGNAL) == -1 &&
		    errno == EAGAIN)
			break;
		input += length;
		input_size -= length;
	}
}

static void
expect_pong(int fd)
{
	int64_t deadline = clock_after(10 * CLOCK_SECOND);
	struct pollfd poll = {.fd = fd, .events = POLLIN};
	struct packet p;

	packet_init(&p, PING);
	p.head.id = 77;
	if (packet_send(fd, &p) == -1)
		abort();
	while (packet_receive(fd, &p) != 1)
		if (errno != EAGAIN ||
		    ring_poll(ring_self(), &poll, 1, deadline) == -1)
			abort();
	if (p.head.id != 77 || p.head.type != PING ||
	    p.head.status != PACKET_OK)
		abort();
	packet_free(&p);
}

static void
first_fiber(void *arg)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	socklen_t length = sizeof(sa_family_t);
	int listener = socket(AF_UNIX, SOCK_SEQPACKET, 0), good, bad;

	(void)arg;
	/* An abstract name of the kernel's choice: no file to clean up. */
	if (bind(listener, (struct sockaddr *)&address, length) == -1 ||
	    listen(listener, 4) == -1)
		abort();
	length = sizeof(address);
	if (getsockname(listener, (struct sockaddr *)&address, &length) == -1)
		abort();
	if (server_listen(server, listener, ROLE_SMTPD) == -1)
		abort();
	good = join(&address);
	bad = join(&address);
	throw_datagrams(bad);
	expect_pong(good);
	close(bad);
	expect_pong(good);
	if (kept != NULL)
		request_drop(&kept);
	close(good);
	worker_stop();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct server fresh = {.rows = rows, .peers_max = 4};

	log_set_level(LEVEL_ERROR);
	server = &fresh;
	input = data;
	input_size = size;
	if (worker_run(1, first_fiber, NULL) == -1 || fresh.peers != 0)
		abort();
	return 0;
}
