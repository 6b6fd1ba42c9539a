/*
 * Request and reply between processes: a device (device.h) and a server
 * (server.h) over a socket pair, and two processes that read and write such a
 * pair with nothing around it.
 */
#include "core.h"

#include "clock.h"
#include "device.h"
#include "fiber.h"
#include "server.h"
#include "worker.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TYPE = 1, IN_FLIGHT = 64, CALLS = 20000, OCTETS = 12 };

static pid_t child;
static int requests[2] = {-1, -1}, raw[2] = {-1, -1};
static struct device *device;

/* ---- the process that answers ---- */

static int
answer_number(struct request *q)
{
	uint32_t number = packet_get_u32(&q->packet);
	struct packet fields;

	if (packet_end(&q->packet) == -1)
		return -1;
	packet_init(&fields, 0);
	packet_put_u32(&fields, number + 1);
	request_reply(&q, PACKET_OK, &fields);
	packet_free(&fields);
	return 0;
}

static const struct server_row rows[] = {
    {TYPE, ROLE_SMTPD, 0, answer_number, "number"}, {0}};
static struct server server = {.rows = rows, .peers_max = 1};

static void
child_worker(void *arg)
{
	(void)arg;
	if (server_attach(&server, requests[1], ROLE_SMTPD) == -1)
		abort();
}

/* Two that wait in poll, as workers do in epoll. */
static void
echo(int fd, int count, int begins)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char octets[OCTETS] = "";
	int i;

	for (i = 0; i < count; i++) {
		if (begins && write(fd, octets, sizeof(octets)) == -1)
			abort();
		if (poll(&p, 1, -1) == -1 ||
		    read(fd, octets, sizeof(octets)) != sizeof(octets))
			return;
		if (!begins && write(fd, octets, sizeof(octets)) == -1)
			return;
	}
}

static void
serve(void)
{
	pid_t other = fork();

	if (other == 0) {
		close(requests[1]);
		for (;;) {
			echo(raw[1], CALLS, 0);
			if (poll(NULL, 0, 0) == -1 || getppid() == 1)
				_exit(0);
		}
	}
	close(raw[1]);
	if (other == -1 || worker_run(1, child_worker, NULL) == -1)
		_exit(1);
	_exit(0);
}

int
helper_start(void)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, requests) ==
		-1 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, raw) == -1)
		return -1;
	if ((child = fork()) == 0) {
		/* Both processes that answer are one group. */
		setpgid(0, 0);
		close(requests[0]);
		close(raw[0]);
		serve();
	}
	close(requests[1]);
	close(raw[1]);
	if (child != -1)
		setpgid(child, child);
	return child == -1 ? -1 : 0;
}

void
helper_stop(void)
{
	kill(-child, SIGKILL);
	waitpid(child, NULL, 0);
	close(raw[0]);
}

/* ---- who asks ---- */

void
helper_open(void)
{
	device = device_attach("helper", requests[0], 2 * IN_FLIGHT);
	if (device == NULL)
		abort();
}

void
helper_close(void)
{
	device_close(&device);
}

static void
ask(void *arg)
{
	uint32_t i, count = *(const uint32_t *)arg;

	for (i = 0; i < count; i++) {
		struct packet request, reply;

		packet_init(&request, TYPE);
		packet_init(&reply, 0);
		packet_put_u32(&request, i);
		if (device_call(device, &request, &reply, 0,
			clock_after(10 * CLOCK_SECOND)) == -1 ||
		    packet_get_u32(&reply) != i + 1)
			abort();
		packet_free(&request);
		packet_free(&reply);
	}
}

static double
call_by(int fibers, uint32_t each)
{
	struct fiber *f[IN_FLIGHT];
	int64_t start = clock_now();
	int i;

	for (i = 0; i < fibers; i++)
		if ((f[i] = fiber_start("asks", ask, &each)) == NULL)
			abort();
	for (i = 0; i < fibers; i++)
		fiber_join(&f[i], CLOCK_NEVER);
	return (double)(clock_now() - start) / each / fibers;
}

double
helper_call_one(void)
{
	return call_by(1, CALLS);
}

double
helper_call_many(void)
{
	return call_by(IN_FLIGHT, 10 * CALLS / IN_FLIGHT);
}

double
raw_call(void)
{
	int64_t start = clock_now();

	echo(raw[0], CALLS, 1);
	return (double)(clock_now() - start) / CALLS;
}
