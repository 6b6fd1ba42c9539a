/*
 * ring -- what a fiber or a kernel thread sleeps on.
 *
 *	port, port, descriptor, ...  --notify-->  ring  --wakes-->  one waiter
 *
 * Any number of ports (port.h) and descriptors (struct watch) notify one ring;
 * its owner waits on it and then looks at them.  A notification is never lost:
 * one that comes while nobody waits ends the next wait at once.  One may be
 * spurious, so that a wait always stands in a loop over its condition.
 *
 * Errors of all waits: -1 with errno
 *	ETIMEDOUT	the deadline (absolute, clock.h) has come
 *	ECANCELED	the waiting fiber was cancelled (fiber.h)
 */
#ifndef RING_H
#define RING_H

#include <poll.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/socket.h>

struct waiter;

struct ring {
	atomic_flag lock;      /* also guards the queues of the ring's ports */
	int notified;	       /* a notification that no wait has taken */
	struct waiter *waiter; /* who is asleep on it, NULL for nobody */
};

/* A ring in static or automatic storage; needs no destruction. */
void ring_init(struct ring *r);

/*
 * The running fiber's own ring: where it waits by default.  Lives as long as
 * the fiber.  On a kernel thread that is no worker, that thread's own.
 */
struct ring *ring_self(void);

/*
 * Waits until r is notified or the deadline comes.  Only one waiter at a time.
 * Returns 0 when notified, -1 on an error named above.
 */
int ring_wait(struct ring *r, int64_t deadline);

/*
 * Wakes the waiter, or has the next wait return at once.  Any thread may call
 * it.  Makes no system call unless the waiter's worker (or thread) sleeps.
 */
void ring_notify(struct ring *r);

/*
 * Sleeps until the deadline: 0 when it came, -1 with errno EINTR if the ring
 * was notified first, or ECANCELED.
 */
int ring_sleep(struct ring *r, int64_t deadline);

/*
 * poll(2) and ring_wait in one: waits until one of the n descriptors has one
 * of its events, or the ring is notified.  Returns the count of descriptors
 * with revents set, 0 for a notification alone, -1 on an error named above,
 * or with errno of epoll_ctl(2).  On a worker, no descriptor may be watched
 * elsewhere at the same time.
 */
int ring_poll(struct ring *r, struct pollfd *fds, unsigned n, int64_t deadline);

/*
 * A descriptor whose readiness notifies a ring.  Edge-triggered: ready holds
 * the events (EPOLLIN and so on) seen since they were last cleared.  Whoever
 * gets EAGAIN clears the bit with watch_wait and waits for it again.
 */
struct watch {
	struct ring *ring;
	int fd;
	uint32_t ready;
	int is_full; /* output is watched for: watch_full */
};

/*
 * Watches fd (non-blocking; stays the caller's) for input and hang-up, and for
 * output where watch_full or watch_wait asks for it, on the calling worker.
 * Readiness is presumed at first.  w must stay where it is until watch_close.
 * Returns 0, or -1 with errno of epoll_ctl(2).
 */
int watch_open(struct watch *w, struct ring *r, int fd);

/* Ends the watch; call it before fd is closed.  Idempotent. */
void watch_close(struct watch *w);

/*
 * After EAGAIN of a send: clears EPOLLOUT, which comes when there is room
 * again.  Nobody else is woken by room: a socket's peer makes some with each
 * packet that it takes.
 */
void watch_full(struct watch *w);

/*
 * After EAGAIN: waits for one of the events (EPOLLIN, EPOLLOUT; hang-up and
 * errors always count).  Returns 0, or -1 as ring_wait.  Notifications of the
 * ring from elsewhere are kept for the next ring_wait.
 */
int watch_wait(struct watch *w, uint32_t events, int64_t deadline);

/*
 * accept4(2) on a watched listener, waiting.  Returns the new descriptor,
 * non-blocking and close-on-exec, or -1: as ring_wait; EINTR where the ring
 * was notified first; or errno of accept4(2) (EMFILE and so on: pause, try
 * again).  Connections that died in the queue are passed over.
 */
int ring_accept(struct watch *listener, struct sockaddr *address,
    socklen_t *length, int64_t deadline);

/*
 * connect(2) on a non-blocking socket, waiting.  Returns 0, or -1: as
 * ring_wait, EINTR where the ring was notified first, or errno of connect(2).
 */
int ring_connect(struct ring *r, int fd, const struct sockaddr *address,
    socklen_t length, int64_t deadline);

#endif
