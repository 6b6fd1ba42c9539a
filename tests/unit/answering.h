/*
 * answering -- a helper of the test's own, on a thread, which answers mailctl.
 */
#ifndef ANSWERING_H
#define ANSWERING_H

#include "packet.h"

#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

static struct {
	int ends[2];
	pthread_t thread;
	/* Reads the request's fields, and puts those of the reply, whose head
	 * it may change. */
	void (*answer)(struct packet *q, struct packet *reply);
} answering;

/* Until the other end closes. */
static inline void *
answering_run(void *arg)
{
	struct pollfd p = {.fd = answering.ends[1], .events = POLLIN};
	struct packet q, reply;

	packet_init(&q, 0);
	while (poll(&p, 1, -1) == 1 && packet_receive(p.fd, &q) == 1) {
		packet_init(&reply, q.head.type);
		reply.head.id = q.head.id;
		answering.answer(&q, &reply);
		packet_send(p.fd, &reply);
		packet_free(&reply);
	}
	packet_free(&q);
	return arg;
}

/* mailctl's end, or -1. */
static inline int
answering_begin(void (*answer)(struct packet *q, struct packet *reply))
{
	answering.answer = answer;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0,
		answering.ends) == -1 ||
	    pthread_create(&answering.thread, NULL, answering_run, NULL) != 0)
		return -1;
	return answering.ends[0];
}

static inline void
answering_end(void)
{
	close(answering.ends[0]);
	pthread_join(answering.thread, NULL);
	close(answering.ends[1]);
}

#endif
