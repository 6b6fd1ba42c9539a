/*
 * smtp_session -- any octets as all that a client sends in a session, over
 * helpers that are faked: what is answered is replies in their form, what is
 * delivered is lines, and the session ends.
 *
 * Input: an octet that chooses the listener and the conf, one for the length
 * of the pieces it comes in, then the octets.
 */
#include "clock.h"
#include "device.h"
#include "log.h"

#include <stdint.h>
#include <stdlib.h>

/* The fakes are a unit test's. */
#define assert_true(x)           \
	do {                     \
		if (!(x))        \
			abort(); \
	} while (0)
#define assert_non_null(x)	   assert_true((x) != NULL)
#define assert_int_equal(a, b)	   assert_true((int64_t)(a) == (int64_t)(b))
#define assert_int_not_equal(a, b) assert_true((int64_t)(a) != (int64_t)(b))

#include "../unit/smtpd_fakes.h"

#include "../../smtpd/session.h"
#include "../../smtpd/settings.h"

#include <ctype.h>
#include <fcntl.h>
#include <sys/socket.h>

#define INPUT_MAX  60000
#define OUTPUT_MAX (1 << 20)
#define REPLY_MAX  512 /* RFC 5321 4.5.3.1.5, CRLF included */
#define SETTINGS   64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct settings conf;
static struct service_client client;
static struct {
	int fd;
	const uint8_t *input;
	size_t length, piece;
	size_t heard;
	char output[OUTPUT_MAX];
} peer;

static void
hear(void)
{
	ssize_t n;

	while ((n = recv(peer.fd, peer.output + peer.heard,
		    OUTPUT_MAX - 1 - peer.heard, 0)) > 0)
		peer.heard += (size_t)n;
}

/* The client: sends in pieces, and lets the session run in between. */
static void
send_all(void *arg)
{
	size_t n;

	(void)arg;
	while (peer.length > 0) {
		n = peer.length < peer.piece ? peer.length : peer.piece;
		if (send(peer.fd, peer.input, n, MSG_NOSIGNAL) == -1 &&
		    errno != EAGAIN)
			break;
		peer.input += n;
		peer.length -= n;
		fiber_yield();
		hear();
	}
	shutdown(peer.fd, SHUT_WR);
}

static void
serve(void *arg)
{
	struct fiber *f = fiber_start("peer", send_all, NULL);

	(void)arg;
	if (f == NULL || session_open(&conf) == -1)
		abort();
	session_run(&client, &conf);
	session_close();
	if (fiber_join(&f, clock_after(60 * CLOCK_SECOND)) == -1)
		abort();
	worker_stop();
}

static void
check_line(const char *line, size_t length)
{
	if (length + 2 > REPLY_MAX || length < 4 || line[0] < '2' ||
	    line[0] > '5' || !isdigit((unsigned char)line[1]) ||
	    !isdigit((unsigned char)line[2]) ||
	    (line[3] != ' ' && line[3] != '-'))
		abort();
	for (size_t i = 0; i < length; i++)
		/* RFC 6531 3.7.4.2: no UTF-8 either */
		if (line[i] == '\r' || line[i] == '\n' || line[i] == '\0' ||
		    (unsigned char)line[i] > 0x7f)
			abort();
}

static void
check_replies(void)
{
	const char *line = peer.output, *end;

	peer.output[peer.heard] = '\0';
	while (line < peer.output + peer.heard) {
		if ((end = strstr(line, "\r\n")) == NULL)
			abort();
		check_line(line, (size_t)(end - line));
		line = end + 2;
	}
}

static void
check_delivery(void)
{
	if (fake.deliveries == 0)
		return;
	if (fake.size == 0 || fake.body[fake.size - 1] != '\n' ||
	    strncmp(fake.body, "Return-Path: <", 14) != 0 ||
	    memchr(fake.body, '\r', fake.size) != NULL ||
	    memchr(fake.body, '\0', fake.size) != NULL)
		abort();
}

static void
choose(uint8_t flags)
{
	static char hostname[] = "mx.example.org", any[] = "0.0.0.0/0";
	static char address[] = "192.0.2.1:25", plain[] = "PLAIN";
	static char *anybody[] = {any}, *one[] = {address};
	static char *mechanisms[] = {plain};
	struct conf_list listener = {one, 1}, nobody = {NULL, 0};
	struct conf_list everybody = {anybody, 1};

	conf = (struct settings){.hostname = hostname,
	    .service = {.listen = listener, .sessions = 10},
	    .early_talkers = SETTINGS_EARLY_NOTE,
	    .message_size = flags & 32 ? 100 : 65536,
	    .recipients = flags & 32 ? 2 : 100,
	    .errors = SETTINGS,
	    .unknown_recipients = SETTINGS,
	    .address_sessions = SETTINGS,
	    .network_sessions = SETTINGS,
	    .hops = 5,
	    .messages = flags & 64 ? 2 : 0,
	    .strict_pipelining = (flags & 16) != 0,
	    .xclient = flags & 4 ? everybody : nobody,
	    .proxy = flags & 8 ? everybody : nobody,
	    .mechanisms = {mechanisms, 1},
	    .plaintext = PLAINTEXT_YES,
	    .mx_logins = (flags & 64) != 0,
	    .logins = 3,
	    .session = 60 * CLOCK_SECOND,
	    .command = 10 * CLOCK_SECOND,
	    .data_block = 10 * CLOCK_SECOND,
	    .message = 10 * CLOCK_SECOND,
	    .commit = CLOCK_SECOND,
	    .helper = CLOCK_SECOND,
	    .send = 10 * CLOCK_SECOND};
	conf.service.listen_more[0] = listener;
	conf.service.listen_more[1] = listener;
	/* listen, listen_submission, listen_lmtp */
	client.listener = (flags & 3) % 3;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int room = 4 << 20;
	int fds[2];

	if (size < 3 || size > INPUT_MAX)
		return 0;
	log_set_level(LEVEL_ERROR);
	memset(&fake, 0, sizeof(fake));
	fake.host = "";
	client = (struct service_client){.id = 1};
	client.peer.in.sin_family = AF_INET;
	client.peer.in.sin_addr.s_addr = htonl(0xc0000207); /* 192.0.2.7 */
	choose(data[0]);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
		fds) == -1)
		abort();
	for (int i = 0; i < 2; i++)
		setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	client.fd = fds[0];
	peer.fd = fds[1];
	peer.piece = data[1] == 0 ? size : data[1];
	peer.input = data + 2;
	peer.length = size - 2;
	peer.heard = 0;
	if (worker_run(1, serve, NULL) == -1)
		abort();
	hear();
	close(fds[1]);
	check_replies();
	check_delivery();
	return 0;
}
