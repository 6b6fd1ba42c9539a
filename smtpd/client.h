/*
 * client -- whom a session is with: the peer, or whom a trusted one in front
 * speaks for (the PROXY protocol, XCLIENT), and what its listener is for.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include "session.h"

/*
 * All before the first word: the listener's kind, a balancer's head, the limit
 * of sessions, TLS where it comes first.  Waits.  NEXT_CMD, or NEXT_DROP: the
 * session is over, and the client knows where it can.
 */
enum next client_begin(struct smtp *s);

/* Whether it may say XCLIENT. */
int client_is_trusted(const struct smtp *s);

#endif
