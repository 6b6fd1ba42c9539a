/*
 * The mechanisms that GNU libgsasl has whole: PLAIN (RFC 4616), LOGIN,
 * CRAM-MD5 (RFC 2195), EXTERNAL (RFC 4422 A), SCRAM without channel bindings
 * (RFC 5802, RFC 7677).  libgsasl asks for what it needs by a callback; that
 * may wait, since it runs in the request's fiber.
 */
#include "accounts_admin.h"
#include "base64.h"
#include "log.h"
#include "sasl_exchange.h"
#include "sasl_fake.h"

#include <gsasl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct state {
	Gsasl_session *session;
	unsigned steps;
	int was_found;		  /* login_find was asked */
	enum sasl_result failure; /* of the callback; SASL_OK for none */
};

static Gsasl *library;

/* Whom the client names; once an exchange. */
static enum sasl_result
find(struct sasl_exchange *x, Gsasl_session *session)
{
	struct state *s = x->state;
	const char *user = gsasl_property_fast(session, GSASL_AUTHID);

	if (s->was_found)
		return s->failure;
	s->was_found = 1;
	s->failure =
	    login_find(&x->login, x->channel.client, user != NULL ? user : "");
	return s->failure;
}

/* RFC 4616 2: who acts as whom. */
static enum sasl_result
check_identity(struct sasl_exchange *x, Gsasl_session *session)
{
	const char *identity = gsasl_property_fast(session, GSASL_AUTHZID);

	if (identity == NULL || login_may_act_as(&x->login, identity))
		return SASL_OK;
	return login_proved(&x->login, 0);
}

/* PLAIN and LOGIN. */
static enum sasl_result
validate_simple(struct sasl_exchange *x, Gsasl_session *session)
{
	const char *password = gsasl_property_fast(session, GSASL_PASSWORD);
	enum sasl_result result = find(x, session);

	if (result != SASL_OK)
		return result;
	if (password == NULL || strlen(password) >= WIRE_PASSWORD_MAX)
		password = ""; /* nobody's */
	result = login_password(&x->login, password, x->deadline);
	return result == SASL_OK ? check_identity(x, session) : result;
}

/* RFC 4422 A: the certificate says who it is. */
static enum sasl_result
validate_external(struct sasl_exchange *x, Gsasl_session *session)
{
	const char *identity = gsasl_property_fast(session, GSASL_AUTHZID);
	enum sasl_result result;

	result =
	    login_find(&x->login, x->channel.client, x->channel.certificate);
	if (result != SASL_OK)
		return result;
	return login_proved(&x->login,
	    x->login.found &&
		login_may_act_as(&x->login, identity != NULL ? identity : ""));
}

static int
set_base64(Gsasl_session *session, Gsasl_property property, const void *octets,
    size_t length)
{
	char text[BASE64_LENGTH(RECORD_KEY_MAX) + 1];

	base64_encode(octets, length, text);
	return gsasl_property_set(session, property, text);
}

/* RFC 5802 5.1: what the server stores. */
static int
give_keys(
    struct sasl_exchange *x, Gsasl_session *session, Gsasl_property property)
{
	const char *digest =
	    strcmp(x->mechanism->name, "SCRAM-SHA-1") == 0 ? "SHA1" : "SHA256";
	struct record_scram keys;
	char number[16];
	int code;

	if (find(x, session) != SASL_OK)
		return GSASL_NO_CALLBACK;
	sasl_fake_keys(&x->login, digest, &keys);
	switch (property) {
	case GSASL_SCRAM_ITER:
		snprintf(number, sizeof(number), "%u", keys.iterations);
		code = gsasl_property_set(session, property, number);
		break;
	case GSASL_SCRAM_SALT:
		code =
		    set_base64(session, property, keys.salt, sizeof(keys.salt));
		break;
	case GSASL_SCRAM_STOREDKEY:
		code = set_base64(session, property, keys.stored, keys.length);
		break;
	default:
		code = set_base64(session, property, keys.server, keys.length);
	}
	explicit_bzero(&keys, sizeof(keys));
	return code;
}

/* CRAM-MD5 alone: what it needs is stored where the conf lets it be. */
static int
give_password(struct sasl_exchange *x, Gsasl_session *session)
{
	char secret[65];

	if (strcmp(x->mechanism->name, "CRAM-MD5") != 0 ||
	    find(x, session) != SASL_OK)
		return GSASL_NO_PASSWORD;
	if (x->login.user.secret[0] != '\0')
		return gsasl_property_set(
		    session, GSASL_PASSWORD, x->login.user.secret);
	/* One that nobody knows costs the same. */
	x->login.found = 0;
	sasl_fake_secret(secret);
	return gsasl_property_set(session, GSASL_PASSWORD, secret);
}

static int
ask(Gsasl *ctx, Gsasl_session *session, Gsasl_property property)
{
	struct sasl_exchange *x = gsasl_session_hook_get(session);
	struct state *s = x->state;

	(void)ctx;
	switch (property) {
	case GSASL_VALIDATE_SIMPLE:
		s->failure = validate_simple(x, session);
		break;
	case GSASL_VALIDATE_EXTERNAL:
		s->failure = validate_external(x, session);
		break;
	case GSASL_SCRAM_ITER:
	case GSASL_SCRAM_SALT:
	case GSASL_SCRAM_STOREDKEY:
	case GSASL_SCRAM_SERVERKEY:
		return give_keys(x, session, property);
	case GSASL_PASSWORD:
		return give_password(x, session);
	default:
		return GSASL_NO_CALLBACK;
	}
	return s->failure == SASL_OK ? GSASL_OK : GSASL_AUTHENTICATION_ERROR;
}

static int
start(struct sasl_exchange *x)
{
	struct state *s;
	int code = GSASL_OK;

	if (library == NULL && (code = gsasl_init(&library)) == GSASL_OK)
		gsasl_callback_set(library, ask);
	if ((s = calloc(1, sizeof(*s))) == NULL)
		return -1;
	s->failure = SASL_OK;
	x->state = s;
	if (code == GSASL_OK)
		code = gsasl_server_start(
		    library, x->mechanism->name, &s->session);
	if (code != GSASL_OK) {
		log_error("sasl.start", log_text("why", gsasl_strerror(code)));
		return -1;
	}
	gsasl_session_hook_set(s->session, x);
	return 0;
}

static void
finish(struct sasl_exchange *x)
{
	struct state *s = x->state;

	if (s == NULL)
		return;
	if (s->session != NULL)
		gsasl_finish(s->session);
	free(s);
	x->state = NULL;
}

/* What libgsasl's word comes to. */
static enum sasl_result
translate(struct sasl_exchange *x, int code)
{
	struct state *s = x->state;

	switch (code) {
	case GSASL_OK:
		return SASL_OK;
	case GSASL_NEEDS_MORE:
		return SASL_CHALLENGE;
	case GSASL_MALLOC_ERROR:
		return SASL_TEMPORARY;
	case GSASL_MECHANISM_PARSE_ERROR:
	case GSASL_BASE64_ERROR:
	case GSASL_MECHANISM_CALLED_TOO_MANY_TIMES:
		return SASL_BAD;
	default:
		break;
	}
	if (s->failure != SASL_OK)
		return s->failure; /* counted already */
	/* A proof that libgsasl found wrong, of whom we were asked for. */
	return s->was_found ? login_proved(&x->login, 0) : SASL_BAD;
}

/* One step of libgsasl; what it says goes to out. */
static enum sasl_result
advance(struct sasl_exchange *x, const char *in, size_t length,
    struct sasl_output *out)
{
	struct state *s = x->state;
	enum sasl_result result;
	size_t size = 0;
	char *said = NULL;
	int code;

	code = gsasl_step(s->session, in, length, &said, &size);
	result = translate(x, code);
	if (result == SASL_CHALLENGE || result == SASL_OK) {
		out->length = size > sizeof(out->data) ? 0 : size;
		if (out->length > 0)
			memcpy(out->data, said, out->length);
	}
	if (code == GSASL_OK || code == GSASL_NEEDS_MORE)
		gsasl_free(said);
	return result;
}

static enum sasl_result
step(struct sasl_exchange *x, const char *in, size_t length,
    struct sasl_output *out)
{
	if (length == 0 && strcmp(x->mechanism->name, "PLAIN") == 0)
		return SASL_BAD; /* libgsasl would ask again and again */
	return advance(x, in, length, out);
}

/*
 * draft-murchison-sasl-login: clients look at these texts; and some send the
 * name along with the command.
 */
static enum sasl_result
step_login(struct sasl_exchange *x, const char *in, size_t length,
    struct sasl_output *out)
{
	struct state *s = x->state;
	enum sasl_result result;

	if (s->steps++ == 0) {
		result = advance(x, NULL, 0, out);
		sasl_exchange_say(out, "Username:");
		if (in == NULL || result != SASL_CHALLENGE)
			return result;
		s->steps++;
	}
	if (length == 0)
		return SASL_BAD;
	result = advance(x, in, length, out);
	if (result == SASL_CHALLENGE)
		sasl_exchange_say(out, "Password:");
	return result;
}

static enum sasl_result
step_cram(struct sasl_exchange *x, const char *in, size_t length,
    struct sasl_output *out)
{
	struct state *s = x->state;
	enum sasl_result result;

	/* RFC 2195 2: the server speaks first, to a client that was silent. */
	if ((in == NULL) != (s->steps++ == 0))
		return SASL_BAD;
	result = advance(x, in, length, out);
	return result == SASL_OK ? login_proved(&x->login, 1) : result;
}

/* RFC 5802 6: "y" is said by a client that could, had we offered it; since we
 * did, somebody took it out on the way.  "p" belongs to -PLUS. */
static enum sasl_result
step_scram(struct sasl_exchange *x, const char *in, size_t length,
    struct sasl_output *out)
{
	struct state *s = x->state;
	enum sasl_result result;

	if (s->steps++ == 0 && length > 0) {
		if (in[0] == 'y' && x->offers_plus) {
			log_warn("sasl.downgrade",
			    log_text("client", x->channel.client));
			return SASL_DENIED;
		}
		if (in[0] != 'n' && in[0] != 'y')
			return SASL_BAD;
	}
	if (length == 0)
		return SASL_BAD;
	result = advance(x, in, length, out);
	if (result != SASL_OK)
		return result;
	if ((result = login_proved(&x->login, 1)) == SASL_OK)
		result = check_identity(x, s->session);
	return result;
}

const struct sasl_mechanism sasl_gsasl_mechanisms[] = {
    {"PLAIN", SASL_CLIENT_FIRST | SASL_IN_CLEAR, start, step, finish},
    {"LOGIN", SASL_IN_CLEAR, start, step_login, finish},
    {"CRAM-MD5", SASL_NEEDS_SECRET, start, step_cram, finish},
    {"EXTERNAL", SASL_CLIENT_FIRST | SASL_NEEDS_CERTIFICATE, start, step,
	finish},
    {"SCRAM-SHA-1", SASL_CLIENT_FIRST, start, step_scram, finish},
    {"SCRAM-SHA-256", SASL_CLIENT_FIRST, start, step_scram, finish},
    {.name = NULL},
};
