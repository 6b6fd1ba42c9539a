/* An echo server: a fiber a client.  SIGINT or SIGTERM ends it. */
#include "clock.h"
#include "conn.h"
#include "fiber.h"
#include "worker.h"

#include <netinet/in.h>
#include <stdio.h>
#include <unistd.h>

static sigset_t signals;

static void
echo(void *client)
{
	struct conn c;
	size_t length;
	char *line;

	if (conn_open(&c, (int)(intptr_t)client, 10 * CLOCK_SECOND) == -1)
		return;
	while (conn_read_line(&c, &line, &length, 1000,
		   clock_after(60 * CLOCK_SECOND)) == CONN_LINE)
		conn_printf(&c, "%s\r\n", line);
	conn_close(&c);
}

static void
listen_for_ever(void *listener)
{
	struct sockaddr_storage peer;
	struct watch w;

	if (watch_open(&w, ring_self(), *(int *)listener) == -1)
		return;
	while (!fiber_cancelled()) {
		socklen_t length = sizeof(peer);
		int client = ring_accept(
		    &w, (struct sockaddr *)&peer, &length, CLOCK_NEVER);

		if (client == -1) /* no descriptor is free, say */
			ring_sleep(ring_self(), clock_after(CLOCK_SECOND));
		else if (fiber_spawn("echo", echo, (void *)(intptr_t)client))
			close(client);
	}
	watch_close(&w);
}

static void
first(void *listener)
{
	if (fiber_spawn("listener", listen_for_ever, listener) == 0)
		worker_signal(&signals, CLOCK_NEVER);
	worker_stop(); /* cancels the others, each unwinds */
}

int
main(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t length = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(listener, (struct sockaddr *)&address, length) == -1 ||
	    listen(listener, 128) == -1 ||
	    getsockname(listener, (struct sockaddr *)&address, &length) == -1)
		return 1;
	printf("port %d\n", ntohs(address.sin_port));
	fflush(stdout);
	return worker_run(1, first, &listener) == -1;
}
