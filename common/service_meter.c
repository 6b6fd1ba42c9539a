#include "service_meter.h"

#include "clock.h"
#include "fiber.h"
#include "log.h"
#include "meter.h"
#include "meter_table.h"
#include "packet.h"
#include "ring.h"
#include "wire.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PAUSE_FIRST (100 * CLOCK_MILLISECOND)
#define PAUSE_MOST  (5 * CLOCK_SECOND)

/* A connection to the helper, or -1. */
static int
connect_to_helper(void)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX, .sun_path = "metrics"};
	int fd =
	    socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd == -1 || connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
		return fd;
	close(fd);
	return -1;
}

static int
hand_over(int fd)
{
	struct packet p;
	int result;

	packet_init(&p, WIRE_METER);
	packet_put_u32(&p, meter_layout());
	packet_put_u32(&p, meter_sets());
	p.fd = meter_descriptor();
	result = p.error == 0 ? packet_send(fd, &p) : -1;
	p.fd = -1; /* it stays ours */
	packet_free(&p);
	return result;
}

/* Until the other end is closed, which says nothing before; -1: our own end
 * comes. */
static int
wait_for_end(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char octet;
	ssize_t n;

	for (;;) {
		if (ring_poll(ring_self(), &p, 1, CLOCK_NEVER) == -1)
			return errno == EINTR ? 0 : -1;
		n = recv(fd, &octet, 1, MSG_DONTWAIT);
		if (n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR))
			return 0;
	}
}

/* A connection over which the memory was handed, or -1. */
static int
begin(void)
{
	int fd = connect_to_helper();

	if (fd == -1 || hand_over(fd) == 0)
		return fd;
	close(fd);
	return -1;
}

/* The connection says that somebody counts: it stays open until the process
 * ends, behind this fiber's end. */
void
service_meter(void *arg)
{
	int64_t pause = PAUSE_FIRST, since;
	int fd;

	(void)arg;
	if (meter_descriptor() == -1)
		return;
	while (!fiber_cancelled()) {
		since = clock_now();
		fd = begin();
		if (fd != -1 && wait_for_end(fd) == -1)
			return;
		if (fd != -1)
			close(fd);
		if (clock_now() - since > PAUSE_MOST)
			pause = PAUSE_FIRST;
		ring_sleep(ring_self(), clock_after(pause));
		pause = pause * 2 < PAUSE_MOST ? pause * 2 : PAUSE_MOST;
	}
}
