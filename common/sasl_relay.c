#include "sasl_relay.h"

#include "base64.h"
#include "clock.h"
#include "conn.h"
#include "meter.h"
#include "ring.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* RFC 4954 4: a line of 12,288 octets, and its CRLF. */
#define LINE_LIMIT 12290

/* What the client said, until it was handed over. */
struct response {
	size_t length;
	unsigned char octets[WIRE_SASL_MAX];
};

/* The relay's two large things; a session's stack is not for them. */
struct exchange {
	const struct sasl_relay *relay;
	struct sasl_step step;
	struct response response;
};

void
sasl_relay_channel(const struct conn *c, const char *client, const char *host,
    struct sasl_channel *to)
{
	const char *peer = conn_tls_peer(c);

	memset(to, 0, sizeof(*to));
	to->is_tls = conn_is_tls(c);
	to->exporter_length = conn_tls_binding(c, TLS_EXPORTER, to->exporter);
	to->end_point_length =
	    conn_tls_binding(c, TLS_SERVER_END_POINT, to->end_point);
	/* A name that is cut would be another one. */
	if (peer != NULL && strlen(peer) < sizeof(to->certificate))
		snprintf(to->certificate, sizeof(to->certificate), "%s", peer);
	snprintf(to->client, sizeof(to->client), "%s", client);
	snprintf(to->host, sizeof(to->host), "%s", host);
}

static enum sasl_relay_result
outcome(enum sasl_result result)
{
	static const enum sasl_relay_result outcomes[SASL_RESULTS] = {
	    [SASL_CHALLENGE] = SASL_RELAY_TEMPORARY,
	    [SASL_OK] = SASL_RELAY_OK,
	    [SASL_DENIED] = SASL_RELAY_DENIED,
	    [SASL_BAD] = SASL_RELAY_BAD,
	    [SASL_UNKNOWN] = SASL_RELAY_UNKNOWN,
	    [SASL_INSECURE] = SASL_RELAY_INSECURE,
	    [SASL_TEMPORARY] = SASL_RELAY_TEMPORARY,
	    [SASL_BACKEND] = SASL_RELAY_BACKEND,
	};

	return outcomes[result];
}

static enum sasl_relay_result
decode(struct response *r, const char *text, size_t length)
{
	if (length > BASE64_LENGTH(sizeof(r->octets)))
		return SASL_RELAY_LONG;
	if (base64_decode(
		text, length, r->octets, sizeof(r->octets), &r->length) == -1)
		return SASL_RELAY_BAD;
	return SASL_RELAY_OK;
}

static void
send_challenge(struct exchange *e)
{
	struct conn *c = e->relay->conn;
	size_t room, length = BASE64_LENGTH(e->step.length);
	char *to;

	conn_puts(c, e->relay->prefix);
	/* RFC 4954 4: a reply; RFC 5034 4: no reply of POP3. */
	if (e->relay->prefix[0] != '+')
		meter_add(METER_REPLIES + meter_code(e->relay->prefix), 1);
	if ((to = conn_room(c, length + 3, &room)) == NULL)
		return;
	base64_encode(e->step.challenge, e->step.length, to);
	to[length++] = '\r';
	to[length++] = '\n';
	conn_wrote(c, length);
}

/* Reads the client's next line; RFC 4954 4: "*" is a cancellation. */
static enum sasl_relay_result
read_response(struct exchange *e)
{
	enum sasl_relay_result result;
	size_t length;
	char *line;

	switch (conn_read_line(e->relay->conn, &line, &length, LINE_LIMIT,
	    clock_after(e->relay->idle))) {
	case CONN_LINE:
		break;
	case CONN_LINE_TOO_LONG:
		return SASL_RELAY_LONG;
	default:
		return SASL_RELAY_LOST;
	}
	if (strcmp(line, "*") == 0)
		return SASL_RELAY_CANCELLED;
	result = decode(&e->response, line, length);
	conn_wipe_read(e->relay->conn);
	return result;
}

/* Challenges and responses, until the result is another. */
static enum sasl_relay_result
converse(struct exchange *e, enum sasl_result result)
{
	const struct sasl_relay *r = e->relay;
	enum sasl_relay_result read;

	while (result == SASL_CHALLENGE) {
		send_challenge(e);
		if ((read = read_response(e)) != SASL_RELAY_OK) {
			sasl_cancel(
			    r->accounts, &e->step, clock_after(r->helper));
			return read;
		}
		result = sasl_next(r->accounts, e->response.octets,
		    e->response.length, &e->step, clock_after(r->helper));
	}
	return outcome(result);
}

/* RFC 4954 4: a denial is held back, so that guessing takes long. */
static int
hold_back(unsigned delay_ms)
{
	int64_t until = clock_after(delay_ms * CLOCK_MILLISECOND);

	while (ring_sleep(ring_self(), until) == -1)
		if (errno != EINTR)
			return -1;
	return 0;
}

/* Begins with what is in the response (where has_initial), and goes on. */
static enum sasl_relay_result
run(struct exchange *e, const char *mechanism, int has_initial,
    struct sasl_login *login)
{
	const struct sasl_relay *r = e->relay;
	enum sasl_relay_result result;

	result = converse(
	    e, sasl_begin(r->accounts, mechanism, r->channel,
		   has_initial ? e->response.octets : NULL, e->response.length,
		   &e->step, clock_after(r->helper)));
	if (result == SASL_RELAY_DENIED && hold_back(e->step.delay_ms) == -1)
		result = SASL_RELAY_LOST;
	if (result == SASL_RELAY_OK || result == SASL_RELAY_BACKEND)
		*login = e->step.login;
	return result;
}

static struct exchange *
new_exchange(const struct sasl_relay *r, struct sasl_login *login)
{
	struct exchange *e = calloc(1, sizeof(*e));

	memset(login, 0, sizeof(*login));
	if (e != NULL)
		e->relay = r;
	return e;
}

static void
free_exchange(struct exchange *e)
{
	explicit_bzero(e, sizeof(*e));
	free(e);
}

enum sasl_relay_result
sasl_relay_run(const struct sasl_relay *r, const char *mechanism,
    const char *initial, struct sasl_login *login)
{
	enum sasl_relay_result result = SASL_RELAY_OK;
	struct exchange *e = new_exchange(r, login);

	if (e == NULL)
		return SASL_RELAY_TEMPORARY;
	if (initial != NULL && strcmp(initial, "=") != 0)
		result = decode(&e->response, initial, strlen(initial));
	/* The command's line, with the initial response or a password. */
	conn_wipe_read(r->conn);
	if (result == SASL_RELAY_OK)
		result = run(e, mechanism, initial != NULL, login);
	free_exchange(e);
	return result;
}

/* Adds a text with its NUL; -1 where it does not fit. */
static int
add_text(struct response *r, const char *text)
{
	size_t length = strlen(text) + 1;

	if (length > sizeof(r->octets) - r->length)
		return -1;
	memcpy(r->octets + r->length, text, length);
	r->length += length;
	return 0;
}

/* An exchange of one step with these texts, a NUL between each two. */
static enum sasl_relay_result
run_texts(const struct sasl_relay *r, const char *mechanism,
    const char *const texts[3], struct sasl_login *login)
{
	enum sasl_relay_result result = SASL_RELAY_DENIED;
	struct exchange *e = new_exchange(r, login);
	int i, fits = 1;

	if (e == NULL)
		return SASL_RELAY_TEMPORARY;
	for (i = 0; i < 3 && texts[i] != NULL && fits; i++)
		fits = add_text(&e->response, texts[i]) == 0;
	conn_wipe_read(r->conn);
	if (fits) {
		e->response.length--; /* the last NUL */
		result = run(e, mechanism, 1, login);
	}
	free_exchange(e);
	return result;
}

enum sasl_relay_result
sasl_relay_pass(const struct sasl_relay *r, const char *user,
    const char *password, struct sasl_login *login)
{
	return run_texts(
	    r, "USER", (const char *const[]){user, password, NULL}, login);
}

enum sasl_relay_result
sasl_relay_apop(const struct sasl_relay *r, const char *user,
    const char *timestamp, const char *digest, struct sasl_login *login)
{
	return run_texts(
	    r, "APOP", (const char *const[]){user, timestamp, digest}, login);
}
