/*
 * session -- one SMTP client, from greeting to hang-up, in one fiber.
 *
 *	START --EHLO--> READY --MAIL--> MAIL --RCPT--> RCPT --DATA--> READY
 *	                                                \--BDAT--> BDAT
 *--LAST--> READY
 *
 * The loop reads a line, finds its row in the table of commands, refuses it in
 * a wrong state, calls its function, and flushes where RFC 2920 asks for it.
 */
#ifndef SESSION_H
#define SESSION_H

#include "arena.h"
#include "conn.h"
#include "listen.h"
#include "tally.h"
#include "wire.h"
#include "told.h"

#include <stdint.h>

struct device;
struct incoming;
struct mailbox;
struct service_client;
struct service_view;
struct settings;

/* What a command's function wants done after it. */
enum next {
	NEXT_CMD,  /* read the next command */
	NEXT_QUIT, /* the session is over, and the client knows */
	NEXT_DROP  /* the connection is of no more use */
};

/* Bits, so that a row of the table can name several. */
enum session_state {
	STATE_START = 1, /* before HELO or EHLO */
	STATE_READY = 2, /* no transaction */
	STATE_MAIL = 4,	 /* with a reverse-path */
	STATE_RCPT = 8,	 /* with one recipient or more */
	STATE_BDAT = 16	 /* chunks have come, and not the last one */
};
#define STATE_GREETED (STATE_READY | STATE_MAIL | STATE_RCPT | STATE_BDAT)
#define STATE_ANY     (STATE_START | STATE_GREETED)

/* What a listener is for.  Bits, as above. */
enum session_kind { KIND_MX = 1, KIND_SUBMISSION = 2, KIND_LMTP = 4 };
#define KIND_SMTP (KIND_MX | KIND_SUBMISSION)
#define KIND_ANY  (KIND_SMTP | KIND_LMTP)

/* The ways to the helpers: one of each a worker. */
struct session_devices {
	struct device *resolver; /* asked where client_names is on */
	struct device *accounts;
	struct mailbox *mailbox;
};

/* One accepted RCPT. */
struct recipient {
	const char *path;
	const char *orcpt; /* RFC 3461 4.2, as it came; NULL for none */
	int notify;	   /* enum dsn_notify */
	unsigned count;	   /* of mailboxes; which of the transaction's: */
	uint16_t *boxes;
	int result; /* of the delivery: see delivery.h */
};

/* The envelope, from MAIL to the end of data or whatever ends it before. */
struct transaction {
	struct arena arena;	  /* of the paths */
	uint64_t trace;		  /* in all its log lines, and its id */
	const char *reverse_path; /* "" for the null one */
	uint64_t declared;	  /* SIZE=, 0 for none */
	int is_utf8;		  /* SMTPUTF8: RFC 6531 */
	int is_prdr;		  /* each recipient gets an answer */
	int ret;		  /* enum dsn_ret */
	const char *envid;	  /* RFC 3461 4.4, as it came; NULL: none */
	int crlf;		  /* is to be stored with CRLF line ends */
	unsigned recipients, list_room; /* accepted ones, and room for them */
	struct recipient *list;
	unsigned boxes, room; /* mailboxes of all, and room for them */
	char (*names)[WIRE_NAME_MAX];
	struct incoming *in; /* the message, once it has begun */
	int is_failed;	     /* a chunk was refused: so are all others */
};

struct smtp {
	struct conn conn;
	enum session_state state;
	enum session_kind kind;
	int is_extended; /* it said EHLO or LHLO */
	const struct settings *conf;
	const struct session_devices *devices;
	struct service_client *client;
	uint64_t id;
	const char *doing;  /* the last command, for mailctl; NULL: none */
	uint64_t messages;  /* transactions begun: makes their trace ids */
	int64_t errors;	    /* 5xx replies since the last message accepted */
	int64_t unknown;    /* recipients refused as unknown */
	struct arena arena; /* of the names */
	union listen_address peer;	    /* the client */
	char address[LISTEN_TEXT_MAX];	    /* in numbers; "": a UNIX socket */
	unsigned char place[TALLY_ADDRESS]; /* counted in limits.h */
	size_t place_length;		    /* 0: it is not */
	int64_t end;	  /* of the whole session, monotonic ns */
	int64_t accepted; /* messages */
	/* What a trusted proxy has told in its client's place; "": nothing. */
	char told_helo[TOLD_VALUE_MAX];
	char told_name[TOLD_VALUE_MAX];
	char told_login[TOLD_VALUE_MAX];
	const char *helo;	 /* as it named itself; NULL before */
	const char *client_name; /* confirmed by DNS, or NULL */
	int is_name_known;	 /* it was looked up, found or not */
	char *own_login;	 /* who logged in by AUTH, or NULL */
	const char *login;	 /* that, or whom a proxy told of; NULL */
	int64_t failures;	 /* logins that were none */
	struct transaction mail;
};

/* service.open and service.close: the worker's devices. */
int session_open(const void *conf);
void session_close(void);

/* service.session: serves c until it is over, and closes its descriptor. */
void session_run(struct service_client *c, const void *conf);

/* service.view: what mailctl is told of a struct smtp. */
void session_view(const void *session, struct service_view *v);

/* Forgets all that the client has said (RFC 3207 4.2): it greets again. */
void session_begin_anew(struct smtp *s);

/* A time-out of the conf, ns, as things stand: where many sessions are under
 * way it is shorter, and for those that have brought no mail yet more so. */
int64_t session_patience(const struct smtp *s, int64_t timeout);

/* The client has said something just now: how it stands when sessions become
 * scarce (service_crowd.h). */
void session_heard(struct smtp *s);

/* Ends the transaction, if there is one: forgets the envelope. */
void session_reset(struct smtp *s);

#endif
