/* The descriptors of rings: the half of ring.h that speaks to epoll. */

#include "clock.h"
#include "log.h"
#include "ring.h"
#include "sched.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

/* An error or a hang-up ends every wait. */
enum { ENDS = EPOLLERR | EPOLLHUP };

/* What each watch waits for. */
enum { ALWAYS = EPOLLIN | EPOLLRDHUP | EPOLLET };

static int
control(struct watch *w, int operation, uint32_t events)
{
	struct epoll_event e = {.events = events, .data.ptr = w};

	return epoll_ctl(sched_worker()->epoll, operation, w->fd, &e);
}

int
watch_open(struct watch *w, struct ring *r, int fd)
{
	if (sched_worker() == NULL)
		panic("a descriptor can only be watched on a worker");
	w->ring = r;
	w->fd = fd;
	w->ready = EPOLLIN | EPOLLOUT;
	w->is_full = 0;
	if (control(w, EPOLL_CTL_ADD, ALWAYS) == 0)
		return 0;
	w->fd = -1;
	return -1;
}

void
watch_close(struct watch *w)
{
	if (w->fd == -1)
		return;
	epoll_ctl(sched_worker()->epoll, EPOLL_CTL_DEL, w->fd, NULL);
	w->fd = -1;
}

void
watch_full(struct watch *w)
{
	w->ready &= ~(uint32_t)EPOLLOUT;
	/* Where it fails, the next wait does, by its deadline. */
	if (!w->is_full && control(w, EPOLL_CTL_MOD, ALWAYS | EPOLLOUT) == 0)
		w->is_full = 1;
}

void
sched_events(struct watch *w, uint32_t events)
{
	if ((events & EPOLLOUT) && w->is_full &&
	    control(w, EPOLL_CTL_MOD, ALWAYS) == 0)
		w->is_full = 0;
	w->ready |= events;
	ring_notify(w->ring);
}

int
watch_wait(struct watch *w, uint32_t events, int64_t deadline)
{
	uint32_t wanted = events | ENDS;
	int others = 0, result;

	if (events & EPOLLIN)
		wanted |= EPOLLRDHUP;
	if (events & EPOLLOUT)
		watch_full(w);
	w->ready &= ~(events | EPOLLERR);
	while ((result = ring_wait(w->ring, deadline)) == 0 &&
	       !(w->ready & wanted))
		others = 1;
	/* A port's message may have come meanwhile: its wait is elsewhere. */
	if (others)
		ring_notify(w->ring);
	return result;
}

int
ring_accept(struct watch *listener, struct sockaddr *address, socklen_t *length,
    int64_t deadline)
{
	socklen_t room = *length;

	for (;;) {
		int fd;

		/* However many come, others run too, and we can be stopped. */
		sched_be_fair(sched_worker());
		if (fiber_cancelled()) {
			errno = ECANCELED;
			return -1;
		}
		fd = accept4(listener->fd, address, length,
		    SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd != -1)
			return fd;
		*length = room;
		if (errno == ECONNABORTED || errno == EINTR || errno == EPROTO)
			continue;
		if (errno != EAGAIN)
			return -1;
		listener->ready &= ~(uint32_t)EPOLLIN;
		if (ring_wait(listener->ring, deadline) == -1)
			return -1;
		if (!(listener->ready & (EPOLLIN | ENDS))) {
			errno = EINTR;
			return -1;
		}
	}
}

int
ring_connect(struct ring *r, int fd, const struct sockaddr *address,
    socklen_t length, int64_t deadline)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	int error = 0;
	socklen_t size = sizeof(error);

	if (connect(fd, address, length) == 0)
		return 0;
	if (errno != EINPROGRESS)
		return -1;
	switch (ring_poll(r, &p, 1, deadline)) {
	case -1:
		return -1;
	case 0:
		errno = EINTR;
		return -1;
	}
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == -1)
		return -1;
	errno = error;
	return error == 0 ? 0 : -1;
}

/* poll(2)'s and epoll's names of events have the same values on Linux. */
_Static_assert(EPOLLIN == POLLIN && EPOLLOUT == POLLOUT &&
		   EPOLLERR == POLLERR && EPOLLHUP == POLLHUP,
    "events");

int
ring_poll(struct ring *r, struct pollfd *fds, unsigned n, int64_t deadline)
{
	struct watch *watches;
	unsigned i, added = 0;
	int count = 0, result = -1, error;

	if (fiber_self() == NULL)
		return ring_poll_thread(r, fds, n, deadline);
	if ((watches = calloc(n + 1, sizeof(*watches))) == NULL)
		return -1;
	for (; added < n; added++) {
		struct watch *w = &watches[added];

		*w = (struct watch){.ring = r, .fd = fds[added].fd};
		if (control(w, EPOLL_CTL_ADD, (uint32_t)fds[added].events) ==
		    -1)
			goto out;
	}
	if ((result = ring_wait(r, deadline)) == -1)
		goto out;
	for (i = 0; i < n; i++)
		if ((fds[i].revents = (short)watches[i].ready) != 0)
			count++;
	result = count;
out:
	error = errno;
	for (i = 0; i < added; i++)
		watch_close(&watches[i]);
	free(watches);
	errno = error;
	return result;
}
