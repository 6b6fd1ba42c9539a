#include "service_acceptor.h"

#include "clock.h"
#include "fiber.h"
#include "log.h"
#include "ring.h"
#include "service_listen.h"
#include "tls_offload.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_EVERY (10 * CLOCK_SECOND) /* about what lasts */
/* How long an acceptor rests that found no descriptor or memory to go on. */
#define ACCEPT_PAUSE (100 * CLOCK_MILLISECOND)

/* One listener of one worker, and the fiber that accepts from it. */
struct acceptor {
	struct acceptor *next;
	struct watch watch;
	struct fiber *fiber;
	char *address;
	int fd;
	unsigned listener; /* which address of the worker's conf */
	int is_tls;	   /* it begins with a handshake */
	int is_leaving;	   /* the conf has it no longer */
};

static void (*admit)(
    unsigned listener, int fd, const union listen_address *peer);
static _Thread_local struct acceptor *acceptors;

static void
pause_after(const char *event, int error)
{
	static _Thread_local int64_t next_line;

	if (error == EINTR || error == ECANCELED)
		return;
	if (clock_now() >= next_line) {
		log_warn(event, log_errno(error));
		next_line = clock_after(LINE_EVERY);
	}
	ring_sleep(ring_self(), clock_after(ACCEPT_PAUSE));
}

/* A flood of handshakes stays in the kernel's queue, and takes no session from
 * those that come without one. */
static void
hold_back(const struct acceptor *a)
{
	while (a->is_tls && tls_offload_is_busy() && !fiber_cancelled())
		ring_sleep(ring_self(), clock_after(CLOCK_MILLISECOND));
}

static void
accept_all(struct acceptor *a)
{
	union listen_address peer;
	socklen_t length;
	int fd;

	while (!fiber_cancelled()) {
		hold_back(a);
		length = sizeof(peer);
		memset(&peer, 0, sizeof(peer));
		fd = ring_accept(&a->watch, &peer.any, &length, CLOCK_NEVER);
		if (fd == -1) {
			pause_after("accept.failed", errno);
			continue;
		}
		admit(a->listener, fd, &peer);
		/* A flood of connections keeps nobody else from running. */
		fiber_yield();
	}
}

/* Who connected in time is served, though the listener goes. */
static void
accept_rest(struct acceptor *a)
{
	union listen_address peer = {.any.sa_family = AF_UNSPEC};
	socklen_t length = sizeof(peer);
	int fd;

	while ((fd = accept4(a->fd, &peer.any, &length,
		    SOCK_NONBLOCK | SOCK_CLOEXEC)) != -1) {
		admit(a->listener, fd, &peer);
		length = sizeof(peer);
	}
}

static void
acceptor_main(void *arg)
{
	struct acceptor *a = arg;
	int is_watched = 0;

	while (!is_watched && !fiber_cancelled()) {
		if (watch_open(&a->watch, ring_self(), a->fd) == 0)
			is_watched = 1;
		else
			pause_after("listener.failed", errno);
	}
	if (is_watched) {
		accept_all(a);
		watch_close(&a->watch);
	}
	if (a->is_leaving)
		accept_rest(a);
	close(a->fd);
}

/* Takes fd over.  NULL: no memory. */
static struct acceptor *
start_acceptor(const char *address, int fd)
{
	struct acceptor *a = calloc(1, sizeof(*a));

	if (a == NULL)
		goto failed;
	a->fd = fd;
	if ((a->address = strdup(address)) == NULL)
		goto failed;
	if ((a->fiber = fiber_start("accept", acceptor_main, a)) == NULL)
		goto failed;
	a->next = acceptors;
	acceptors = a;
	return a;
failed:
	log_error(
	    "listener.failed", log_text("address", address), log_errno(ENOMEM));
	if (a != NULL)
		free(a->address);
	free(a);
	close(fd);
	return NULL;
}

/* Ends the one that *at leads to, and takes it out of the list. */
static void
end_acceptor(struct acceptor **at)
{
	struct acceptor *a = *at;

	fiber_cancel(a->fiber);
	fiber_shield(1);
	fiber_join(&a->fiber, CLOCK_NEVER);
	fiber_shield(0);
	*at = a->next;
	free(a->address);
	free(a);
}

static struct acceptor *
find_acceptor(const char *address)
{
	struct acceptor *a = acceptors;

	while (a != NULL && strcmp(a->address, address) != 0)
		a = a->next;
	return a;
}

void
service_acceptor_begin(void (*hand_on)(
    unsigned listener, int fd, const union listen_address *peer))
{
	admit = hand_on;
}

void
service_acceptor_keep(const struct service_settings *settings)
{
	struct acceptor **at = &acceptors;

	while (*at != NULL) {
		if (service_listen_has(settings, (*at)->address)) {
			at = &(*at)->next;
		} else {
			(*at)->is_leaving = 1;
			end_acceptor(at);
		}
	}
}

void
service_acceptor_take(
    const struct service_settings *settings, unsigned i, int fd)
{
	const char *address = service_listen_address(settings, i);
	struct acceptor *a = find_acceptor(address);

	if (a != NULL && fd != -1)
		close(fd);
	else if (a == NULL && fd != -1)
		a = start_acceptor(address, fd);
	if (a == NULL)
		return;
	a->listener = i;
	a->is_tls = service_listen_is_tls(settings, i);
}

void
service_acceptor_end(void)
{
	while (acceptors != NULL)
		end_acceptor(&acceptors);
}
