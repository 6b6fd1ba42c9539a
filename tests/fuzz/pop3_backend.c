/*
 * pop3_backend -- what a backend says to pop3d while it logs in there: whatever
 * that is, the conversation ends, with a reason where it fails, and all that
 * was said to it is whole lines without the password but in its own.
 *
 * Input: an octet of flags, then all that the backend says.
 */
#include "../../pop3d/backend_login.h"

#include "clock.h"
#include "log.h"
#include "worker.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PASSWORD "s3cret"

static uint8_t flags;
static int ends[2];

static void
check(enum backend_login_result result, const struct backend_login *l)
{
	char heard[8192];
	ssize_t n = recv(ends[1], heard, sizeof(heard) - 1, MSG_DONTWAIT);

	if (result != BACKEND_LOGIN_OK && l->why[0] == '\0')
		abort();
	if (strstr(l->why, PASSWORD) != NULL)
		abort();
	heard[n > 0 ? n : 0] = '\0';
	if (n > 0 && (n < 2 || memcmp(heard + n - 2, "\r\n", 2) != 0))
		abort();
	if (result == BACKEND_LOGIN_OK &&
	    strstr(heard, "PASS " PASSWORD) == NULL &&
	    strstr(heard, "AGFubgBzM2NyZXQ=") == NULL)
		abort();
}

static void
log_in(void *arg)
{
	const struct settings conf = {.tells_backends = flags & 1};
	struct service_client client = {.address = "192.0.2.7", .id = 7};
	const struct sasl_backend to = {.host = "old.example.org",
	    .port = 110,
	    .tls = flags & 2 ? WIRE_BACKEND_STLS : WIRE_BACKEND_NONE,
	    .user = "ann",
	    .password = PASSWORD};
	struct pop3 p = {.conf = &conf,
	    .client = &client,
	    .hops = 3,
	    .is_utf8 = (flags & 4) != 0,
	    .lang = flags & 8 ? LANG_DE : LANG_EN};
	struct conn conn;
	struct backend_login l = {.p = &p, .to = &to, .conn = &conn};

	(void)arg;
	client.peer.in.sin_family = AF_INET;
	l.deadline = clock_after(10 * CLOCK_SECOND);
	if (conn_open(&conn, ends[0], CLOCK_SECOND) == -1)
		abort();
	check(backend_login_run(&l), &l);
	conn_close(&conn);
	worker_stop();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1 || size > 60000)
		return 0;
	log_set_level(LEVEL_ERROR);
	flags = data[0];
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == -1 ||
	    fcntl(ends[0], F_SETFL, O_NONBLOCK) == -1 ||
	    (size > 1 &&
		write(ends[1], data + 1, size - 1) != (ssize_t)(size - 1)) ||
	    shutdown(ends[1], SHUT_WR) == -1)
		abort();
	if (worker_run(1, log_in, NULL) == -1)
		abort();
	close(ends[1]);
	return 0;
}
