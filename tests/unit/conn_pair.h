/*
 * conn_pair -- a connection over a pair of sockets, in the first fiber of one
 * worker, and its far end.
 */
#ifndef CONN_PAIR_H
#define CONN_PAIR_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "clock.h"
#include "conn.h"
#include "worker.h"

#include <sys/socket.h>
#include <unistd.h>

#define SOON (5 * CLOCK_SECOND)

static struct conn conn;
static int peer; /* the client's end, non-blocking too */

static void
pair_main(void *arg)
{
	void (*const *body)(void) = arg;
	int pair[2];

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	peer = pair[1];
	assert_int_equal(conn_open(&conn, pair[0], SOON), 0);
	(*body)();
	conn_close(&conn);
	conn_close(&conn); /* idempotent */
	close(peer);
	worker_stop();
}

static void
run(void (*body)(void))
{
	assert_int_equal(worker_run(1, pair_main, &body), 0);
}

#endif
