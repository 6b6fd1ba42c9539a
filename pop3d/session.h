/*
 * session -- one POP3 session (RFC 1939), from the greeting to the hang-up.
 */
#ifndef SESSION_H
#define SESSION_H

#include "conn.h"
#include "mailbox.h"
#include "maildrop.h"
#include "service.h"
#include "settings.h"

#include <stdint.h>

/* RFC 1939 3; the UPDATE state is inside QUIT. */
enum session_state { AUTHORIZATION = 1, TRANSACTION = 2 };

/* What a command's function has the loop do next. */
enum next {
	NEXT_CMD,
	NEXT_QUIT, /* sends what is buffered and hangs up */
	NEXT_DROP  /* hangs up at once */
};

/* Letters that were fetched before they were asked for. */
struct ahead {
	struct mailbox_fetched letters;
	uint32_t next; /* the number of the first that was not taken */
	uint32_t last; /* that was retrieved */
};

struct pop3 {
	struct conn conn;
	const struct settings *conf;
	const struct service_client *client;
	enum session_state state;
	unsigned errors;   /* commands that were none, or wrong */
	unsigned failures; /* to log in */
	char *user;	   /* USER's argument, NULL before and after PASS */
	const char *end;   /* why the session ended, for the log; static */

	/* In the TRANSACTION state: */
	char *name; /* the mailbox's; NULL in the AUTHORIZATION state */
	struct mailbox_session box;
	struct maildrop drop;
	struct ahead ahead;
	uint32_t retrieved, deleted;
};

/* service.session: one connection. */
void session_main(struct service_client *client, const void *conf);

/* Whether the conf lets this client send a password in clear text. */
int session_allows_plaintext(const struct pop3 *p);

/* Lets the maildrop go and forgets it.  Idempotent. */
void session_close_maildrop(struct pop3 *p);

#endif
