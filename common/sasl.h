/*
 * sasl -- the stub of the accounts helper for logins by SASL (RFC 4422).  The
 * client process relays what its client says and learns nothing but the end.
 * Calls wait (the fiber parks) and take an absolute deadline.
 *
 * An exchange: sasl_begin, then sasl_step for each challenge, until the result
 * is another than SASL_CHALLENGE; or sasl_cancel.  sasl_relay.h does all of
 * that over a connection.
 */
#ifndef SASL_H
#define SASL_H

#include "wire.h"

#include <stddef.h>
#include <stdint.h>

struct device;

enum sasl_result {
	SASL_CHALLENGE, /* the client is to answer what step holds */
	SASL_OK,	/* logged in */
	SASL_DENIED,	/* whoever it is, or the proof is wrong: never says */
	SASL_BAD,	/* the client does not keep to the mechanism */
	SASL_UNKNOWN,	/* no such mechanism here, or not on this channel */
	SASL_INSECURE,	/* the mechanism is for TLS alone */
	SASL_TEMPORARY, /* the helper is away, busy, or its disk fails */
	SASL_BACKEND,	/* another server has the mailbox: login.backend */
	SASL_RESULTS
};

/* What a login comes through, as the client process sees it. */
struct sasl_channel {
	int is_tls;
	/* RFC 9266 tls-exporter, RFC 5929 tls-server-end-point; length 0: this
	 * channel has none.  Without either there is no -PLUS mechanism. */
	size_t exporter_length, end_point_length;
	unsigned char exporter[WIRE_BINDING_MAX];
	unsigned char end_point[WIRE_BINDING_MAX];
	/* The name in the client's certificate, which was verified (an
	 * rfc822Name); "": none, and no EXTERNAL. */
	char certificate[WIRE_ADDRESS_MAX];
	char client[WIRE_CLIENT_MAX]; /* its address, for delays and logs */
	char host[WIRE_HOST_MAX];     /* our name, as the client knows it */
};

/* Where the mailbox is of whom SASL_BACKEND speaks, and how to log in there. */
struct sasl_backend {
	char host[WIRE_HOST_MAX];
	unsigned port;
	enum wire_backend_tls tls;
	char user[WIRE_NAME_MAX];	  /* his name there */
	char password[WIRE_PASSWORD_MAX]; /* that the client has sent; "" where
					     the mechanism shows none */
	/* Not 0: nobody has judged the password yet: sasl_proved. */
	uint32_t handle;
};

/* Who it is, after SASL_OK and SASL_BACKEND. */
struct sasl_login {
	char name[WIRE_NAME_MAX]; /* the canonical mailbox name */
	/* For pop3d: opens the mailbox, once (mailbox_open).  smtpd gets none,
	 * and zeroes. */
	unsigned char ticket[WIRE_TICKET_SIZE];
	struct sasl_backend backend; /* SASL_BACKEND, and pop3d, alone */
};

struct sasl_step {
	uint32_t handle; /* of the exchange, while it is SASL_CHALLENGE */
	size_t length;
	unsigned char challenge[WIRE_SASL_MAX];
	/* SASL_OK */
	struct sasl_login login;
	/* SASL_DENIED: for how many ms the client is to wait for its answer;
	 * grows with the failures of its network and of the account. */
	unsigned delay_ms;
};

/* What is set of a login, also of one that failed, is wiped. */
void sasl_step_wipe(struct sasl_step *step);

/*
 * Begins an exchange.  mechanism: an IANA name in any case; besides those,
 * "USER" is POP3's USER and PASS (initial: the name, a NUL, the password) and
 * "APOP" its APOP (initial: the name, a NUL, the greeting's timestamp with its
 * brackets, a NUL, the 32 digits).  initial NULL: the client sent no initial
 * response (an empty one is another thing: RFC 4954 4).  More than
 * WIRE_SASL_MAX octets are SASL_BAD.  *step is set whole.
 */
enum sasl_result sasl_begin(struct device *d, const char *mechanism,
    const struct sasl_channel *channel, const void *initial, size_t length,
    struct sasl_step *step, int64_t deadline);

/*
 * Hands the client's response over.  step holds the exchange's last one, and
 * gets the next.  An exchange lives for five minutes at the helper, and ends
 * with the helper or its connection: then SASL_TEMPORARY.
 */
enum sasl_result sasl_next(struct device *d, const void *response,
    size_t length, struct sasl_step *step, int64_t deadline);

/*
 * Tells what the backend made of a password that nobody here has judged
 * (backend.handle): is_right, or not.  SASL_OK; SASL_DENIED, and then *delay_ms
 * is how long the client is to wait; or SASL_TEMPORARY, where it counts for
 * nothing.
 */
enum sasl_result sasl_proved(struct device *d, uint32_t handle, int is_right,
    unsigned *delay_ms, int64_t deadline);

/* Likewise, that the backend could not be asked. */
void sasl_unproved(struct device *d, uint32_t handle, int64_t deadline);

/* Gives an exchange up, whose last result was SASL_CHALLENGE. */
void sasl_cancel(struct device *d, struct sasl_step *step, int64_t deadline);

/*
 * Whether name (of a sasl_login) may send as address (local@domain; "": the
 * null reverse-path): SASL_OK, SASL_DENIED or SASL_TEMPORARY.  RFC 6409 6.1.
 */
enum sasl_result sasl_may_send_as(
    struct device *d, const char *name, const char *address, int64_t deadline);

#endif
