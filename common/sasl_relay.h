/*
 * sasl_relay -- an AUTH exchange between a client's connection and the accounts
 * helper: RFC 4954 4 for SMTP, RFC 5034 4 for POP3.  Lines with base64 go one
 * way and octets the other; nothing here knows a mechanism.
 */
#ifndef SASL_RELAY_H
#define SASL_RELAY_H

#include "sasl.h"

struct conn;

enum sasl_relay_result {
	SASL_RELAY_OK,	      /* login is set */
	SASL_RELAY_BACKEND,   /* likewise, with its backend: to log in there */
	SASL_RELAY_DENIED,    /* 535 5.7.8; the wait before it is over */
	SASL_RELAY_BAD,	      /* 501 5.5.2: no base64, or no such response */
	SASL_RELAY_LONG,      /* 500 5.5.6: a response of too many octets */
	SASL_RELAY_CANCELLED, /* 501 5.0.0: the client sent "*" */
	SASL_RELAY_UNKNOWN,   /* 504 5.5.4: no such mechanism */
	SASL_RELAY_INSECURE,  /* 538 5.7.11: not without TLS */
	SASL_RELAY_TEMPORARY, /* 454 4.7.0 */
	SASL_RELAY_LOST	      /* the connection ended: see conn_error */
};

/*
 * What a login over c comes through: its TLS, its bindings and the client's
 * certificate.  client: the client's address as text; host: our name.
 */
void sasl_relay_channel(const struct conn *c, const char *client,
    const char *host, struct sasl_channel *to);

/* All borrowed. */
struct sasl_relay {
	struct conn *conn;
	struct device *accounts;
	const struct sasl_channel *channel;
	const char *prefix; /* of a challenge's line: "334 " or "+ " */
	int64_t helper;	    /* ns that one answer of the helper may take */
	int64_t idle;	    /* ns that the client may take for a response */
};

/*
 * Runs the exchange to its end.  initial: what stood behind the mechanism's
 * name in the command ("=": an empty response), NULL for nothing; its length
 * is the command line's.  login is set for SASL_RELAY_OK and _BACKEND, and
 * zeroes else; wipe it after use.  Waits, for the client too; answers nothing
 * but challenges.  What lies in the connection's buffer of the client's secrets
 * is wiped: no line that was read is whole afterwards.
 */
enum sasl_relay_result sasl_relay_run(const struct sasl_relay *r,
    const char *mechanism, const char *initial, struct sasl_login *login);

/*
 * POP3's USER and PASS as an exchange of one step: SASL_RELAY_OK, _BACKEND,
 * _DENIED (after its wait), _UNKNOWN, _INSECURE, _TEMPORARY or _LOST.
 */
enum sasl_relay_result sasl_relay_pass(const struct sasl_relay *r,
    const char *user, const char *password, struct sasl_login *login);

/* POP3's APOP likewise.  timestamp: the greeting's, with its brackets. */
enum sasl_relay_result
sasl_relay_apop(const struct sasl_relay *r, const char *user,
    const char *timestamp, const char *digest, struct sasl_login *login);

#endif
