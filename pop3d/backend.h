/*
 * backend -- a session whose mailbox another server has: pop3d logs in there
 * with what the client has shown, and then passes octets on, both ways.
 *
 *	PASS, AUTH	accounts says "there" (SASL_RELAY_BACKEND)
 *	dial		the resolver helper connects (dial.h)
 *	backend_login	TLS, CAPA, XCLIENT, AUTH
 *	conn_pass	everything from then on
 */
#ifndef BACKEND_H
#define BACKEND_H

#include "sasl.h"
#include "session.h"

/*
 * Logs in at the backend that login names, tells accounts what it made of a
 * password that nobody here has judged, and answers the client.  p->backend is
 * set where that worked: then backend_pass is what the loop does next.  Waits.
 */
enum next backend_enter(
    struct pop3 *p, const char *mechanism, const struct sasl_login *login);

/* Passes octets on until the end of the session. */
enum next backend_pass(struct pop3 *p);

/* Closes it.  Idempotent, and good where there is none. */
void backend_close(struct pop3 *p);

#endif
