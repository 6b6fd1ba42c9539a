#include "client.h"

#include "clock.h"
#include "progress.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* How long each step may take: a password hash behind many logins, or a large
 * mailbox that is read. */
#define PATIENCE (60 * CLOCK_SECOND)
/* How often a mailbox is followed from helper to helper. */
#define HOPS 4
/* The largest text with which a request is refused, with its NUL. */
#define WHY_MAX 1024

static int64_t patience = PATIENCE;
static const char *about; /* client_about */

void
client_wait(int seconds)
{
	patience = seconds * CLOCK_SECOND;
}

void
client_about(const char *what)
{
	about = what;
}

static enum client_exit
no_connection(const char *path)
{
	if (errno == EACCES || errno == EPERM) {
		warn("can't open %s", path);
		warnx("run mailctl as root");
		return CLIENT_REFUSED;
	}
	warn("can't reach the helpers at %s", path);
	warnx("start the helpers first, or name their socket with -S or their "
	      "conf with -c");
	return CLIENT_TEMPORARY;
}

int
client_dial(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int type = SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK;
	int fd, error;

	if (strlen(path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if ((fd = socket(AF_UNIX, type, 0)) == -1)
		return -1;
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

enum client_exit
client_connect(const char *path, int *fd)
{
	if ((*fd = client_dial(path)) != -1)
		return CLIENT_OK;
	if (errno != ENAMETOOLONG)
		return no_connection(path);
	warnx("the socket's path is too long: %s", path);
	return CLIENT_USAGE;
}

/* Waits for the event: 0, or -1 with errno. */
static int
wait_for(int fd, short events)
{
	struct pollfd p = {.fd = fd, .events = events};
	int64_t end = clock_after(patience), left;
	int n;

	do {
		left = (end - clock_now()) / CLOCK_MILLISECOND + 1;
		if (progress_is_on() && left > PROGRESS_TICK_MS)
			left = PROGRESS_TICK_MS;
		n = poll(&p, 1, left > 0 ? (int)left : 0);
		progress_tick();
	} while ((n == -1 && errno == EINTR) || (n == 0 && clock_now() < end));
	if (n == 0)
		errno = ETIMEDOUT;
	return n == 1 ? 0 : -1;
}

static int
send_all(int fd, const struct packet *request)
{
	for (;;) {
		if (wait_for(fd, POLLOUT) == -1)
			return -1;
		if (packet_send(fd, request) == 0)
			return 0;
		if (errno != EAGAIN)
			return -1;
	}
}

static int
receive(int fd, struct packet *reply)
{
	int n;

	for (;;) {
		if (wait_for(fd, POLLIN) == -1)
			return -1;
		if ((n = packet_receive(fd, reply)) == 1)
			return 0;
		if (n == 0)
			errno = ECONNRESET;
		if (errno != EAGAIN)
			return -1;
	}
}

enum client_exit
client_end(struct packet *reply)
{
	if (packet_end(reply) == 0)
		return CLIENT_OK;
	warnx("the helper's answer can't be read: does it have the version of "
	      "this mailctl?");
	return CLIENT_TEMPORARY;
}

static enum client_exit
refused(struct packet *reply)
{
	enum client_exit code;
	char why[WHY_MAX];

	packet_get_text(reply, why, sizeof(why));
	if ((code = client_end(reply)) != CLIENT_OK)
		return code;
	warnx("%s%s%s", about == NULL ? "" : about, about == NULL ? "" : ": ",
	    why);
	return CLIENT_REFUSED;
}

/* The socket of mailbox helper number n, beside that of fd, takes its place. */
static enum client_exit
follow(int fd, unsigned n)
{
	struct sockaddr_un peer = {.sun_family = AF_UNIX};
	socklen_t length = sizeof(peer);
	char path[sizeof(peer.sun_path) + 16], *end;
	enum client_exit code;
	int next;

	if (getpeername(fd, (struct sockaddr *)&peer, &length) == -1) {
		warn("getpeername");
		return CLIENT_TEMPORARY;
	}
	snprintf(path, sizeof(path), "%.*s", (int)sizeof(peer.sun_path),
	    peer.sun_path);
	end = strrchr(path, '.');
	if (end != NULL && end[1 + strspn(end + 1, "0123456789")] == '\0')
		*end = '\0';
	if (n > 0)
		snprintf(
		    path + strlen(path), sizeof(path) - strlen(path), ".%u", n);
	if ((code = client_connect(path, &next)) != CLIENT_OK)
		return code;
	if (dup3(next, fd, O_CLOEXEC) == -1) {
		warn("dup3");
		code = CLIENT_TEMPORARY;
	}
	close(next);
	return code;
}

/* Sends the request once, and waits for its reply; is_gone as in client.h, or
 * NULL where it is a fault. */
static enum client_exit
exchange(int fd, struct packet *request, struct packet *reply, int *is_gone)
{
	if (is_gone != NULL)
		*is_gone = 0;
	if (request->error != 0) {
		errno = request->error;
		warn("the request can't be written");
		return CLIENT_TEMPORARY;
	}
	if (send_all(fd, request) == -1 || receive(fd, reply) == -1) {
		if (is_gone != NULL &&
		    (errno == ECONNRESET || errno == EPIPE)) {
			*is_gone = 1;
			return CLIENT_OK;
		}
		warn("no answer from the helper");
		warnx("whether a change was made is not certain: list, then "
		      "try again; the helper's log says more");
		return CLIENT_TEMPORARY;
	}
	return CLIENT_OK;
}

static enum client_exit
ask(int fd, struct packet *request, struct packet *reply, int *is_gone)
{
	enum client_exit code = exchange(fd, request, reply, is_gone);

	if (code != CLIENT_OK || (is_gone != NULL && *is_gone))
		return code;
	if (reply->head.id == request->head.id &&
	    reply->head.type == request->head.type &&
	    (reply->head.status == PACKET_OK ||
		reply->head.status == PACKET_REFUSED))
		return CLIENT_OK;
	warnx("the service can't do it now: try again later");
	return CLIENT_TEMPORARY;
}

enum client_exit
client_ask(int fd, struct packet *request, struct packet *reply)
{
	return ask(fd, request, reply, NULL);
}

enum client_exit
client_ask_if_there(
    int fd, struct packet *request, struct packet *reply, int *is_gone)
{
	return ask(fd, request, reply, is_gone);
}

enum client_exit
client_call(int fd, struct packet *request, struct packet *reply)
{
	enum client_exit code = exchange(fd, request, reply, NULL);
	unsigned helper;

	for (int hops = 0; code == CLIENT_OK && hops < HOPS &&
			   reply->head.status == PACKET_ELSEWHERE;
	     hops++) {
		helper = packet_get_u8(reply);
		if ((code = client_end(reply)) != CLIENT_OK ||
		    (code = follow(fd, helper)) != CLIENT_OK)
			return code;
		packet_free(reply);
		code = exchange(fd, request, reply, NULL);
	}
	if (code != CLIENT_OK)
		return code;
	if (reply->head.id != request->head.id ||
	    reply->head.type != request->head.type)
		reply->error = EBADMSG;
	switch (reply->head.status) {
	case PACKET_OK:
		return CLIENT_OK;
	case PACKET_REFUSED:
		return refused(reply);
	case PACKET_TEMPORARY:
		warnx("the helper can't do it now: try again later; its log "
		      "says why");
		return CLIENT_TEMPORARY;
	default:
		reply->error = EBADMSG;
	}
	return client_end(reply);
}
