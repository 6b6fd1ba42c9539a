/*
 * session -- one SMTP client, from greeting to hang-up, in one fiber.
 *
 *	START --EHLO--> READY --MAIL--> MAIL --RCPT--> RCPT --DATA--> READY
 *
 * The loop reads a line, finds its row in the table of commands, refuses it in
 * a wrong state, calls its function, and flushes where RFC 2920 asks for it.
 */
#ifndef SESSION_H
#define SESSION_H

#include "arena.h"
#include "conn.h"
#include "wire.h"

#include <stdint.h>

struct device;
struct service_client;
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
	STATE_RCPT = 8	 /* with one recipient or more */
};
#define STATE_ANY     (STATE_START | STATE_READY | STATE_MAIL | STATE_RCPT)
#define STATE_GREETED (STATE_READY | STATE_MAIL | STATE_RCPT)

/* The ways to the helpers: one of each a worker. */
struct session_devices {
	struct device *resolver; /* asked where client_names is on */
	struct device *accounts;
	struct device *mailbox;
};

/* The envelope, from MAIL to the end of data or whatever ends it before. */
struct transaction {
	struct arena arena;	  /* of the paths */
	uint64_t trace;		  /* in all its log lines, and its id */
	const char *reverse_path; /* "" for the null one */
	const char *forward_path; /* of the first recipient */
	uint64_t declared;	  /* SIZE=, 0 for none */
	int crlf;		  /* is to be stored with CRLF line ends */
	unsigned recipients;	  /* accepted RCPT commands */
	unsigned boxes, room;	  /* mailboxes of all, and room for them */
	char (*names)[WIRE_NAME_MAX];
};

struct smtp {
	struct conn conn;
	enum session_state state;
	int is_extended; /* it said EHLO */
	const struct settings *conf;
	const struct session_devices *devices;
	const struct service_client *client;
	uint64_t id;
	uint64_t messages;  /* transactions begun: makes their trace ids */
	int64_t errors;	    /* 5xx replies since the last message accepted */
	struct arena arena; /* of the two names */
	const char *helo;   /* as it named itself; NULL before */
	const char *client_name; /* confirmed by DNS, or NULL */
	int is_name_known;	 /* it was looked up, found or not */
	struct transaction mail;
};

/* service.open and service.close: the worker's devices. */
int session_open(const void *conf);
void session_close(void);

/* service.session: serves c until it is over, and closes its descriptor. */
void session_run(struct service_client *c, const void *conf);

/* Ends the transaction, if there is one: forgets the envelope. */
void session_reset(struct smtp *s);

#endif
