#include "conn_pass.h"

#include "clock.h"
#include "conn_buffer.h"
#include "fiber.h"
#include "meter.h"
#include "sched.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

/* One way: what `from` sends, for `to`. */
struct way {
	struct conn *from, *to;
	int is_over; /* its end was handed on */
};

/* Octets of the socket into the empty input buffer, as recv. */
static ssize_t
take(struct conn *c)
{
	ssize_t n;

	if (c->in == NULL && (c->in = conn_buffer_get()) == NULL) {
		errno = ENOMEM;
		return -1;
	}
	c->in_start = c->in_end = 0;
	if (c->tls != NULL) {
		n = tls_read(c->tls, c->in, CONN_BUFFER);
	} else {
		errno = EAGAIN;
		n = c->watch.ready & EPOLLIN
			? recv(c->watch.fd, c->in, CONN_BUFFER, 0)
			: -1;
		if (n == -1 && errno == EAGAIN)
			c->watch.ready &= ~(uint32_t)EPOLLIN;
	}
	if (n > 0) {
		c->in_end = (size_t)n;
		c->octets_in += (uint64_t)n;
		meter_add(METER_OCTETS_IN, (uint64_t)n);
	}
	return n;
}

/* Sends what the socket takes at once: the count; 0 where it takes nothing now;
 * -1 with errno. */
static ssize_t
give(struct conn *c, const char *data, size_t length)
{
	ssize_t n = c->tls != NULL
			? tls_write(c->tls, data, length)
			: send(c->watch.fd, data, length, MSG_NOSIGNAL);

	if (n > 0) {
		c->octets_out += (uint64_t)n;
		meter_add(METER_OCTETS_OUT, (uint64_t)n);
	}
	if (n != -1 || (errno != EAGAIN && errno != EINTR))
		return n;
	/* The edge is told from now on, also where room has come meanwhile. */
	watch_full(&c->watch);
	return 0;
}

static int
fail(struct conn *c)
{
	if (c->error == 0)
		c->error = errno;
	return -1;
}

/* Says to `to` that nothing more will come. */
static void
hand_end_on(struct way *w)
{
	w->is_over = 1;
	w->from->eof = 1;
	if (w->to->tls != NULL)
		tls_shutdown(w->to->tls);
	shutdown(w->to->watch.fd, SHUT_WR);
}

static size_t
waiting(const struct way *w)
{
	return w->from->in_end - w->from->in_start;
}

/* 1: something has moved; 0: nothing can now; -1: from or to has failed, which
 * its error says. */
static int
move(struct way *w)
{
	struct conn *from = w->from;
	ssize_t n;

	if (w->is_over)
		return 0;
	if (waiting(w) == 0) {
		n = take(from);
		if (n == 0) {
			hand_end_on(w);
			return 1;
		}
		if (n == -1)
			return errno == EAGAIN || errno == EINTR ? 0
								 : fail(from);
	}
	n = give(w->to, from->in + from->in_start, waiting(w));
	if (n == -1)
		return fail(w->to);
	if (n > 0)
		conn_consume(from, (size_t)n);
	return n > 0;
}

/* Until when something has to move. */
static int64_t
deadline(const struct way ways[2], int64_t last, int64_t idle)
{
	int64_t most = idle;

	for (int i = 0; i < 2; i++)
		if ((waiting(&ways[i]) > 0 || ways[i].is_over) &&
		    ways[i].to->send_timeout < most)
			most = ways[i].to->send_timeout;
	return last + most;
}

/* Gives empty buffers back, and waits until something may move: 0, or -1. */
static int
rest(const struct way ways[2], int64_t until)
{
	for (int i = 0; i < 2; i++)
		if (waiting(&ways[i]) == 0)
			conn_buffer_put(&ways[i].from->in);
	return ring_wait(ring_self(), until);
}

enum conn_pass_end
conn_pass(struct conn *first, struct conn *second, int64_t idle)
{
	struct way ways[2] = {
	    {.from = first, .to = second}, {.from = second, .to = first}};
	int64_t last = clock_now();
	int moved;

	while (!ways[1].is_over) {
		moved = 0;
		for (int i = 0; i < 2; i++)
			switch (move(&ways[i])) {
			case -1:
				return first->error != 0 ? CONN_PASS_FIRST
							 : CONN_PASS_SECOND;
			case 1:
				moved = 1;
			}
		if (moved) {
			last = clock_now();
			sched_be_fair(sched_worker());
			if (fiber_cancelled())
				return CONN_PASS_CANCELLED;
		} else if (rest(ways, deadline(ways, last, idle)) == -1) {
			return errno == ETIMEDOUT ? CONN_PASS_TIME
						  : CONN_PASS_CANCELLED;
		}
	}
	return ways[0].is_over ? CONN_PASS_FIRST : CONN_PASS_SECOND;
}

int
conn_pass_secret(struct conn *c, const void *data, size_t length)
{
	if (conn_flush(c) == -1)
		return -1;
	if (give(c, data, length) == (ssize_t)length)
		return 0;
	errno = EPROTO;
	return fail(c);
}
