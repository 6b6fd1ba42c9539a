/*
 * backend_login -- the conversation with a backend up to its word on a login:
 * TLS, CAPA, XCLIENT, AUTH.  Everything that it says is bounded, and nothing of
 * it reaches the client.
 */
#ifndef BACKEND_LOGIN_H
#define BACKEND_LOGIN_H

#include "conn.h"
#include "sasl.h"
#include "session.h"

#include <stdint.h>

/* The octets of a line of a backend's at most, CRLF included: RFC 2449 4 has
 * 512. */
#define BACKEND_LOGIN_LINE 1024
#define BACKEND_LOGIN_WHY  160

enum backend_login_result {
	BACKEND_LOGIN_OK,
	BACKEND_LOGIN_DENIED, /* name or password are wrong there */
	BACKEND_LOGIN_IN_USE, /* RFC 2449 8.1.2 */
	BACKEND_LOGIN_DELAY,  /* RFC 2449 8.1.1 */
	BACKEND_LOGIN_NEVER,  /* RFC 3206 4: [SYS/PERM] */
	BACKEND_LOGIN_FAILED  /* it is away, talks nonsense, or is not the one
				 that it should be */
};

/* One attempt; all borrowed. */
struct backend_login {
	const struct pop3 *p;
	const struct sasl_backend *to;
	struct conn *conn; /* connected, and nothing else */
	int64_t deadline;
	unsigned capa;		     /* what it can: enum backend_capa */
	char why[BACKEND_LOGIN_WHY]; /* of anything but OK, for logs */
};

/* Logs in, until deadline at most.  Waits. */
enum backend_login_result backend_login_run(struct backend_login *l);

#endif
