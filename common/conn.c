#include "conn.h"

#include "clock.h"
#include "conn_buffer.h"
#include "meter.h"
#include "sched.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

/* Octets of a file that are sent before others may have their turn. */
#define SEND_FILE_MAX ((size_t)1 << 20)

int
conn_open(struct conn *c, int fd, int64_t send_timeout)
{
	*c = (struct conn){.send_timeout = send_timeout};
	if (watch_open(&c->watch, ring_self(), fd) == 0) {
		/* What has come already is told of as well; to try first is
		 * in vain with most, who wait for a greeting. */
		c->watch.ready = EPOLLOUT;
		return 0;
	}
	close(fd);
	return -1;
}

void
conn_close(struct conn *c)
{
	int fd = c->watch.fd;

	if (fd == -1)
		return;
	tls_close(&c->tls);
	/* Closing takes it out of the epoll set only where it is nobody else's:
	 * who has passed it to us may not have come to close it yet. */
	watch_close(&c->watch);
	close(fd);
	conn_buffer_put(&c->in);
	conn_buffer_put(&c->out);
}

int
conn_error(const struct conn *c)
{
	return c->error;
}

int
conn_has_input(const struct conn *c)
{
	return c->in_end > c->in_start ||
	       (c->tls != NULL && tls_has_input(c->tls));
}

void
conn_wipe_read(struct conn *c)
{
	if (c->in == NULL)
		return;
	explicit_bzero(c->in, c->in_start);
	explicit_bzero(c->in + c->in_end, CONN_BUFFER - c->in_end);
}

static int
fail(struct conn *c, int error)
{
	if (c->error == 0)
		c->error = error;
	errno = error;
	return -1;
}

void
conn_consume(struct conn *c, size_t count)
{
	c->in_start += count;
	if (c->in_start == c->in_end)
		c->in_start = c->in_end = 0;
}

void
conn_discard_input(struct conn *c)
{
	conn_consume(c, c->in_end - c->in_start);
	conn_buffer_put(&c->in);
}

/* Waits for input: what was said must have gone out, nothing be held. */
static int
wait_for_input(struct conn *c, int64_t deadline)
{
	if (conn_flush(c) == -1)
		return -1;
	if (!conn_has_input(c))
		conn_buffer_put(&c->in);
	/* The edge may have come while the flush let others run: a wait would
	 * forget it. */
	if (!(c->watch.ready & EPOLLIN) &&
	    watch_wait(&c->watch, EPOLLIN, deadline) == -1)
		return fail(c, errno);
	return 0;
}

static ssize_t
receive_plain(struct conn *c, size_t room)
{
	ssize_t n = recv(c->watch.fd, c->in + c->in_end, room, 0);

	/* Less than asked for: the next octet is an edge.  The end may have had
	 * its edge together with them. */
	if ((n > 0 && (size_t)n < room &&
		!(c->watch.ready & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))) ||
	    (n == -1 && errno == EAGAIN))
		c->watch.ready &= ~(uint32_t)EPOLLIN;
	return n;
}

/* Adds octets of the socket to the input buffer, as recv. */
static ssize_t
receive(struct conn *c)
{
	size_t room = CONN_BUFFER - c->in_end;
	ssize_t n = c->tls != NULL ? tls_read(c->tls, c->in + c->in_end, room)
				   : receive_plain(c, room);

	if (n > 0) {
		c->in_end += (size_t)n;
		c->octets_in += (uint64_t)n;
		meter_add(METER_OCTETS_IN, (uint64_t)n);
	}
	return n;
}

/* Makes all of the input buffer that is free one piece. */
static int
make_room(struct conn *c)
{
	if (c->in == NULL && (c->in = conn_buffer_get()) == NULL)
		return fail(c, ENOMEM);
	if (c->in_start > 0) {
		memmove(c->in, c->in + c->in_start, c->in_end - c->in_start);
		c->in_end -= c->in_start;
		c->in_start = 0;
	}
	return 0;
}

/* Adds what the socket has to the input buffer, waiting for some. */
static int
fill(struct conn *c, int64_t deadline)
{
	int is_dry;
	ssize_t n;

	if (c->error)
		return -1;
	sched_be_fair(sched_worker());
	is_dry = !(c->watch.ready & EPOLLIN) && c->tls == NULL;
	for (;;) {
		if ((is_dry && wait_for_input(c, deadline) == -1) ||
		    make_room(c) == -1)
			return -1;
		n = receive(c);
		if (n > 0)
			return 0;
		if (n == 0) {
			c->eof = 1;
			conn_flush(c);
			return fail(c, ECONNRESET);
		}
		if (errno != EAGAIN && errno != EINTR)
			return fail(c, errno);
		is_dry = errno == EAGAIN;
	}
}

int
conn_await_input(struct conn *c, int64_t deadline)
{
	ssize_t n;

	while (c->error == 0 && !conn_has_input(c)) {
		if (make_room(c) == -1)
			return -1;
		n = receive(c);
		if (n > 0)
			return 1;
		if (n == 0 || (errno == EAGAIN && deadline == 0))
			return 0;
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return fail(c, errno);
		conn_buffer_put(&c->in);
		if (watch_wait(&c->watch, EPOLLIN, deadline) == -1)
			return errno == ETIMEDOUT ? 0 : fail(c, errno);
	}
	return c->error == 0 ? 1 : -1;
}

/* A whole line of length octets, its LF included, stands at the start. */
static enum conn_line
take_line(struct conn *c, char **line, size_t *length, size_t whole)
{
	char *start = c->in + c->in_start;
	size_t n = whole - 1;

	c->bare_lf = n == 0 || start[n - 1] != '\r';
	if (!c->bare_lf)
		n--;
	start[n] = '\0';
	*line = start;
	*length = n;
	c->in_start += whole;
	return CONN_LINE;
}

enum conn_line
conn_read_line(
    struct conn *c, char **line, size_t *length, size_t limit, int64_t deadline)
{
	size_t seen = 0, thrown = 0;

	if (c->in_start == c->in_end)
		c->in_start = c->in_end = 0;
	for (;;) {
		size_t have = c->in_end - c->in_start;
		char *start = have > 0 ? c->in + c->in_start : NULL;
		char *lf = have > seen ? memchr(start + seen, '\n', have - seen)
				       : NULL;

		if (lf != NULL) {
			size_t whole = (size_t)(lf - start) + 1;

			if (thrown + whole <= limit)
				return take_line(c, line, length, whole);
			conn_consume(c, whole);
			return CONN_LINE_TOO_LONG;
		}
		seen = have;
		if (thrown + have >= limit) {
			thrown = limit;
			conn_consume(c, have);
			seen = 0;
			/* Who sends faster than we read never makes us wait. */
			if (clock_now() >= deadline) {
				fail(c, ETIMEDOUT);
				return CONN_LINE_FAILED;
			}
		}
		if (fill(c, deadline) == -1)
			return CONN_LINE_FAILED;
	}
}

size_t
conn_read_some(struct conn *c, char **data, int64_t deadline)
{
	if (c->in_start == c->in_end) {
		c->in_start = c->in_end = 0;
		if (fill(c, deadline) == -1)
			return 0;
	}
	*data = c->in + c->in_start;
	return c->in_end - c->in_start;
}

/* After a call that sent n octets or failed: 0, or -1 after a failure for good.
 * Waits where the peer is slow. */
static int
after_send(struct conn *c, ssize_t n)
{
	if (n >= 0) {
		c->octets_out += (uint64_t)n;
		meter_add(METER_OCTETS_OUT, (uint64_t)n);
	} else if (errno == EAGAIN) {
		if (watch_wait(&c->watch, EPOLLOUT,
			clock_after(c->send_timeout)) == -1)
			fail(c, errno);
	} else if (errno != EINTR) {
		fail(c, errno);
	}
	return c->error ? -1 : 0;
}

/* Sends it all; flags: MSG_MORE where more follows at once. */
static int
send_all(struct conn *c, const char *data, size_t length, int flags)
{
	ssize_t n;

	sched_be_fair(sched_worker());
	while (length > 0 && c->error == 0) {
		n = c->tls != NULL
			? tls_write(c->tls, data, length)
			: send(c->watch.fd, data, length, MSG_NOSIGNAL | flags);
		if (after_send(c, n) == 0 && n > 0) {
			data += n;
			length -= (size_t)n;
		}
	}
	return c->error ? -1 : 0;
}

static int
flush(struct conn *c, int flags)
{
	if (c->out_length > 0 && c->error == 0)
		send_all(c, c->out, c->out_length, flags);
	c->out_length = 0;
	conn_buffer_put(&c->out);
	return c->error ? -1 : 0;
}

int
conn_flush(struct conn *c)
{
	return flush(c, 0);
}

char *
conn_room(struct conn *c, size_t least, size_t *room)
{
	if (c->out_length + least > CONN_BUFFER)
		conn_flush(c);
	*room = 0;
	if (c->error != 0)
		return NULL;
	if (c->out == NULL && (c->out = conn_buffer_get()) == NULL) {
		fail(c, ENOMEM);
		return NULL;
	}
	*room = CONN_BUFFER - c->out_length;
	return c->out + c->out_length;
}

void
conn_wrote(struct conn *c, size_t count)
{
	c->out_length += count;
}

/* Through the output buffer, which makes whole records of it. */
static int
send_file_copied(struct conn *c, int fd, uint64_t offset, uint64_t length)
{
	size_t room;
	ssize_t n;
	char *to;

	while (length > 0 && (to = conn_room(c, 1, &room)) != NULL) {
		n = pread(fd, to, length < room ? (size_t)length : room,
		    (off_t)offset);
		if (n > 0) {
			conn_wrote(c, (size_t)n);
			offset += (uint64_t)n;
			length -= (uint64_t)n;
		} else if (n == 0 || errno != EINTR) {
			fail(c, n == 0 ? EIO : errno);
		}
	}
	return c->error ? -1 : 0;
}

int
conn_send_file(struct conn *c, int fd, uint64_t offset, uint64_t length)
{
	off_t at = (off_t)offset;
	ssize_t n;

	if (c->tls != NULL)
		return send_file_copied(c, fd, offset, length);
	flush(c, MSG_MORE);
	while (length > 0 && c->error == 0) {
		sched_be_fair(sched_worker());
		n = sendfile(c->watch.fd, fd, &at,
		    length < SEND_FILE_MAX ? (size_t)length : SEND_FILE_MAX);
		if (n == 0)
			fail(c, EIO);
		else if (after_send(c, n) == 0 && n > 0)
			length -= (uint64_t)n;
	}
	return c->error ? -1 : 0;
}

void
conn_write(struct conn *c, const void *data, size_t length)
{
	const char *from = data;

	/* Large blocks leave from where they are. */
	if (length >= CONN_BUFFER) {
		if (flush(c, MSG_MORE) == 0)
			send_all(c, from, length, 0);
		return;
	}
	while (length > 0 && c->error == 0) {
		size_t room = CONN_BUFFER - c->out_length, n;

		if (c->out == NULL && (c->out = conn_buffer_get()) == NULL) {
			fail(c, ENOMEM);
			return;
		}
		n = length < room ? length : room;
		memcpy(c->out + c->out_length, from, n);
		c->out_length += n;
		from += n;
		length -= n;
		if (c->out_length == CONN_BUFFER)
			conn_flush(c);
	}
}

void
conn_puts(struct conn *c, const char *text)
{
	conn_write(c, text, strlen(text));
}

/* Formats into the free part of the buffer: the length that was wanted. */
__attribute__((format(printf, 2, 0))) static size_t
print(struct conn *c, const char *format, va_list args)
{
	int n = vsnprintf(
	    c->out + c->out_length, CONN_BUFFER - c->out_length, format, args);

	return n < 0 ? 0 : (size_t)n;
}

void
conn_printf(struct conn *c, const char *format, ...)
{
	va_list args, again;
	size_t n;

	if (c->error)
		return;
	if (c->out == NULL && (c->out = conn_buffer_get()) == NULL) {
		fail(c, ENOMEM);
		return;
	}
	va_start(args, format);
	va_copy(again, args);
	n = print(c, format, args);
	/* No room for it and its NUL: once more, in an empty buffer. */
	if (n >= CONN_BUFFER - c->out_length && c->out_length > 0) {
		conn_flush(c);
		if (c->error == 0 && (c->out = conn_buffer_get()) == NULL)
			fail(c, ENOMEM);
		n = c->error ? 0 : print(c, format, again);
	}
	va_end(again);
	va_end(args);
	if (n >= CONN_BUFFER - c->out_length)
		fail(c, EMSGSIZE);
	else
		c->out_length += n;
}
