/* A ring that two things notify: a port, filled by a thread, and a pipe. */
#include "clock.h"
#include "port.h"
#include "ring.h"
#include "worker.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct greeting {
	struct message message; /* first: a message is a greeting */
	int number;
};

static struct ring ring;
static struct port port;
static int ends[2];

/* A kernel thread: sends three messages, then closes the pipe. */
static void *
greet(void *arg)
{
	for (int i = 1; i <= 3; i++) {
		struct greeting *g = calloc(1, sizeof(*g));

		if (g == NULL)
			break;
		g->number = i;
		/* The port holds one: waits a second at most for room. */
		if (port_send(&port, &g->message, clock_after(CLOCK_SECOND)))
			free(g);
	}
	close(ends[1]);
	return arg;
}

/* A fiber: receives until the other end of the pipe is closed. */
static void
receive(void *arg)
{
	struct pollfd p = {.fd = ends[0], .events = POLLIN};
	struct message *m;
	int ready;

	(void)arg;
	do {
		ready = ring_poll(&ring, &p, 1, clock_after(5 * CLOCK_SECOND));
		while ((m = port_receive(&port)) != NULL) {
			printf("greeting %d\n", ((struct greeting *)m)->number);
			free(m);
		}
	} while (ready == 0); /* notified, but not by the pipe */
	puts(ready == 1 ? "hung up" : "nothing more has come");
	port_close(&port);
	worker_stop();
}

int
main(void)
{
	pthread_t thread;

	ring_init(&ring);
	port_init(&port, &ring, 1);
	if (pipe(ends) == -1 || pthread_create(&thread, NULL, greet, NULL) != 0)
		return 1;
	if (worker_run(1, receive, NULL) == -1)
		return 1;
	pthread_join(thread, NULL);
	return 0;
}
