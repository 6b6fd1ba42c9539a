/*
 * sasl_exchange -- one SASL exchange (RFC 4422 3), whatever its mechanism: what
 * a mechanism's file gets and gives.  accounts_sasl.c runs them.
 */
#ifndef SASL_EXCHANGE_H
#define SASL_EXCHANGE_H

#include "login.h"
#include "sasl.h"

#include <stddef.h>
#include <stdint.h>

struct sasl_exchange;

/* What is said to the client. */
struct sasl_output {
	size_t length;
	unsigned char data[WIRE_SASL_MAX];
};

enum sasl_mechanism_flags {
	SASL_CLIENT_FIRST = 1, /* the client speaks first */
	SASL_IN_CLEAR = 2,     /* hands over what lets others in */
	SASL_NEEDS_BINDING = 4,
	SASL_NEEDS_CERTIFICATE = 8,
	SASL_NEEDS_TOKENS = 16, /* a key set, or a program */
	SASL_NEEDS_SECRET = 32, /* a password that is stored in clear */
	SASL_IS_POP3 = 64	/* none of IANA's, POP3's own command */
};

struct sasl_mechanism {
	const char *name;
	unsigned flags;
	/* Sets x->state up.  0, or -1 where it can't (memory); logged. */
	int (*start)(struct sasl_exchange *x);
	/*
	 * Takes what the client said and sets out (empty at first).  A client
	 * that was to speak first has spoken.  May wait until x->deadline.
	 * SASL_CHALLENGE, SASL_OK (x->login is who; what is in out goes to the
	 * client all the same), SASL_DENIED, SASL_BAD or SASL_TEMPORARY.
	 * in is NULL only in the first step of one that the server begins.
	 */
	enum sasl_result (*step)(struct sasl_exchange *x, const char *in,
	    size_t length, struct sasl_output *out);
	/* Wipes and frees x->state, which may be NULL.  NULL: nothing to. */
	void (*finish)(struct sasl_exchange *x);
};

struct sasl_exchange {
	const struct sasl_mechanism *mechanism;
	struct sasl_channel channel;
	int offers_plus; /* the client could have used a -PLUS mechanism */
	struct login login;
	void *state; /* the mechanism's own */
	int64_t deadline;
};

/* One for each file of mechanisms; each ends with name NULL. */
extern const struct sasl_mechanism sasl_gsasl_mechanisms[];
extern const struct sasl_mechanism sasl_scram_mechanisms[];
extern const struct sasl_mechanism sasl_oauth_mechanisms[];
extern const struct sasl_mechanism sasl_pop3_mechanisms[];

/* The mechanism of this name, in any case; NULL. */
const struct sasl_mechanism *sasl_exchange_find(const char *name);

/* Sets out to a text; one that is too long is cut off to nothing. */
void sasl_exchange_say(struct sasl_output *out, const char *text);

#endif
