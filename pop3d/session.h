/*
 * session -- one POP3 session (RFC 1939), from the greeting to the hang-up.
 */
#ifndef SESSION_H
#define SESSION_H

#include "conn.h"
#include "lang.h"
#include "mailbox.h"
#include "maildrop.h"
#include "service.h"
#include "settings.h"
#include "tally.h"

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
	uint32_t most; /* letters of the last fetch, or as many as allowed */
};

struct backend;

struct pop3 {
	struct conn conn;
	const struct settings *conf;
	struct service_client *client;
	enum session_state state;
	enum lang lang;
	int is_utf8;	   /* RFC 6856 2.1 */
	int is_trusted;	   /* to say who its client is: XCLIENT */
	int is_secured;	   /* its client's way to the balancer is encrypted */
	int hops;	   /* proxies that it may still pass */
	unsigned errors;   /* commands that were none, or wrong */
	unsigned failures; /* to log in */
	char *user;	   /* USER's argument, NULL before and after PASS */
	const char *doing; /* the last command, for mailctl; NULL: none */
	int64_t opened;	   /* monotonic ns */
	char *counted;	   /* the mailbox that limits.c counts it for */
	unsigned char place[TALLY_ADDRESS]; /* likewise the address */
	size_t place_length;
	const char *end; /* why the session ended, for the log; static */

	struct backend *backend; /* that has the mailbox; NULL: none */

	/* In the TRANSACTION state: */
	char *name; /* the mailbox's; NULL in the AUTHORIZATION state */
	struct mailbox_session box;
	struct maildrop drop;
	struct ahead ahead;
	int is_read_only;
	uint8_t *seen; /* a bit a letter; NULL while there is none: seen.c */
	uint32_t retrieved, deleted;
	uint64_t retrieved_octets, deleted_octets;
};

/* service.session: one connection. */
void session_main(struct service_client *client, const void *conf);

/* service.view: what mailctl is told of a struct pop3. */
void session_view(const void *session, struct service_view *v);

/* Whether the conf lets this client send a password in clear text. */
int session_allows_plaintext(const struct pop3 *p);

/* How long to wait for the client's next line, ns.  Before the login it is the
 * shorter the more sessions there are; who is in his maildrop has all of it. */
int64_t session_idle(const struct pop3 *p);

/* Lets the maildrop go and forgets it.  Idempotent. */
void session_close_maildrop(struct pop3 *p);

#endif
