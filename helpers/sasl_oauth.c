/*
 * OAUTHBEARER (RFC 7628) and XOAUTH2: the client shows a token that somebody
 * else gave out.  A hasher process reads it (token.h), or a program does
 * (program.h).
 */
#include "accounts_admin.h"
#include "helper.h"
#include "sasl_exchange.h"
#include "settings.h"
#include "token_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct state {
	int has_failed; /* the client was told why, and is to say so */
};

static int
start(struct sasl_exchange *x)
{
	return (x->state = calloc(1, sizeof(struct state))) == NULL ? -1 : 0;
}

static void
finish(struct sasl_exchange *x)
{
	free(x->state);
	x->state = NULL;
}

/* What the client said, cut up in place. */
struct claim {
	char *user; /* "": the token says it */
	char *token;
};

/* RFC 6750 2.1: "Bearer" in any case, spaces, the token. */
static char *
bearer(char *value)
{
	if (strncasecmp(value, "Bearer ", 7) != 0)
		return NULL;
	value += 7;
	return value + strspn(value, " ");
}

/* RFC 7628 3.1: "key=value" and a ^A behind each, a ^A at the end. */
static int
take_pairs(char *at, struct claim *c)
{
	char *end;

	while (*at != '\1') {
		if ((end = strchr(at, '\1')) == NULL)
			return -1;
		*end = '\0';
		if (strncasecmp(at, "auth=", 5) == 0 && c->token == NULL)
			c->token = bearer(at + 5);
		else if (strncasecmp(at, "user=", 5) == 0 && c->user == NULL)
			c->user = at + 5;
		at = end + 1;
	}
	return at[1] == '\0' && c->token != NULL ? 0 : -1;
}

/* The gs2-header (RFC 5801 4): no binding, and whom the client acts as. */
static char *
take_header(char *message, struct claim *c)
{
	char *end;

	if ((message[0] != 'n' && message[0] != 'y') || message[1] != ',')
		return NULL;
	message += 2;
	if ((end = strchr(message, ',')) == NULL)
		return NULL;
	*end = '\0';
	if (strncmp(message, "a=", 2) == 0)
		c->user = message + 2;
	else if (*message != '\0')
		return NULL;
	return end[1] == '\1' ? end + 2 : NULL;
}

static int
parse(const struct sasl_exchange *x, char *message, struct claim *c)
{
	if (strcmp(x->mechanism->name, "OAUTHBEARER") == 0 &&
	    (message = take_header(message, c)) == NULL)
		return -1;
	if (take_pairs(message, c) == -1)
		return -1;
	if (c->user == NULL)
		c->user = message + strlen(message);
	return 0;
}

/* RFC 7628 3.2.2: why, which the client answers with a ^A. */
static enum sasl_result
tell_failure(struct sasl_exchange *x, struct sasl_output *out)
{
	struct state *s = x->state;
	char text[600];

	s->has_failed = 1;
	snprintf(text, sizeof(text),
	    "{\"status\":\"invalid_token\",\"scope\":\"%s\"}",
	    accounts.helper->conf->token_scope);
	sasl_exchange_say(out, text);
	return SASL_CHALLENGE;
}

/* Whose the token is, and whether that is who the client says. */
static enum sasl_result
check(struct sasl_exchange *x, const struct claim *c, struct sasl_output *out)
{
	enum sasl_result result, found;
	char name[WIRE_NAME_MAX];

	/* Failures count for whom the client names, if it names one. */
	found = login_find(&x->login, x->channel.client, c->user);
	if (found != SASL_OK)
		return found;
	result =
	    token_client_verify(&x->login.who, c->token, name, x->deadline);
	if (result == SASL_TEMPORARY)
		return result;
	if (result == SASL_OK && c->user[0] == '\0')
		result = login_find(&x->login, x->channel.client, name);
	else if (result == SASL_OK && !login_may_act_as(&x->login, name))
		result = SASL_DENIED;
	if (result == SASL_TEMPORARY)
		return result;
	result = login_proved(&x->login, result == SASL_OK);
	return result == SASL_OK ? result : tell_failure(x, out);
}

static enum sasl_result
step(struct sasl_exchange *x, const char *in, size_t length,
    struct sasl_output *out)
{
	struct claim c = {.user = NULL};
	struct state *s = x->state;
	enum sasl_result result = SASL_BAD;
	char *message;

	if (s->has_failed)
		return SASL_DENIED; /* whatever it says to that */
	if (length == 0 || memchr(in, '\0', length) != NULL)
		return SASL_BAD;
	if ((message = malloc(length + 1)) == NULL)
		return SASL_TEMPORARY;
	memcpy(message, in, length);
	message[length] = '\0';
	if (parse(x, message, &c) == 0)
		result = check(x, &c, out);
	explicit_bzero(message, length);
	free(message);
	return result;
}

const struct sasl_mechanism sasl_oauth_mechanisms[] = {
    {"OAUTHBEARER", SASL_CLIENT_FIRST | SASL_IN_CLEAR | SASL_NEEDS_TOKENS,
	start, step, finish},
    {"XOAUTH2", SASL_CLIENT_FIRST | SASL_IN_CLEAR | SASL_NEEDS_TOKENS, start,
	step, finish},
    {.name = NULL},
};
