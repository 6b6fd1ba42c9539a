/*
 * conn_pass -- hands what comes from each of two connections on to the other,
 * both ways at once, in one fiber.
 */
#ifndef CONN_PASS_H
#define CONN_PASS_H

#include "conn.h"

enum conn_pass_end {
	CONN_PASS_FIRST,  /* it closed, or failed */
	CONN_PASS_SECOND, /* likewise */
	CONN_PASS_TIME,	  /* nothing moved for too long */
	CONN_PASS_CANCELLED
};

/*
 * Passes octets on until one side has closed.  What the other one sends then
 * still goes through: for the first, until that has closed as well; the second
 * is taken to know what it does.  Both are of the running fiber; what lies in
 * their input buffers goes first, their output buffers must be empty.
 *
 * Each way has one buffer (CONN_BUFFER) at most, which it gives back while it
 * is empty; a side that does not read stops the other's sending, and nothing
 * else.  idle bounds how long nothing may come, ns; where something waits to be
 * taken, or one side has closed, send_timeout does, where it is less.
 *
 * Closes neither.  Waits.
 */
enum conn_pass_end
conn_pass(struct conn *first, struct conn *second, int64_t idle);

/*
 * Sends octets past the buffer, in which they would stay.  0, or -1: the
 * connection has failed, or took only a part.  Does not wait.
 */
int conn_pass_secret(struct conn *c, const void *data, size_t length);

#endif
