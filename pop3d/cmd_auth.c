/* Logins in the AUTHORIZATION state: USER and PASS, APOP (RFC 1939 7), AUTH
 * (RFC 5034).  What they prove is the accounts helper's matter. */
#include "command.h"

#include "backend.h"
#include "client.h"
#include "clock.h"
#include "log.h"
#include "login.h"
#include "reply.h"
#include "mechanism.h"
#include "sasl_count.h"
#include "sasl_relay.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What this session's client logs in through. */
static void
find_channel(const struct pop3 *p, struct sasl_channel *to)
{
	sasl_relay_channel(&p->conn, p->client->address, p->conf->hostname, to);
	/* A proxy that the conf trusts: the client's own way to it is its
	 * matter, and its way to us was judged by session_allows_plaintext. */
	to->is_tls |=
	    p->is_secured || (p->is_trusted && session_allows_plaintext(p));
}

static int
is_on(const struct pop3 *p, const char *mechanism)
{
	const struct conf_list *on = &p->conf->mechanisms;

	for (size_t i = 0; i < on->count; i++)
		if (strcasecmp(on->items[i], mechanism) == 0)
			return 1;
	return 0;
}

/* Whether it is one of RFC 1939's own, which AUTH does not know. */
static int
is_of_pop3(const char *mechanism)
{
	return strcasecmp(mechanism, "USER") == 0 ||
	       strcasecmp(mechanism, "APOP") == 0;
}

int
cmd_auth_has_user(const struct pop3 *p)
{
	return is_on(p, "USER") && session_allows_plaintext(p);
}

size_t
cmd_auth_list(
    const struct pop3 *p, const char *separator, char *to, size_t size)
{
	const struct conf_list *on = &p->conf->mechanisms;
	int plaintext = session_allows_plaintext(p);
	struct sasl_channel channel;
	size_t length = 0;

	find_channel(p, &channel);
	to[0] = '\0';
	for (size_t i = 0; i < on->count && length < size; i++)
		if (!is_of_pop3(on->items[i]) &&
		    mechanism_fits(on->items[i], &channel, plaintext))
			length += (size_t)snprintf(to + length, size - length,
			    "%s%s", length > 0 ? separator : "", on->items[i]);
	return length < size ? length : 0;
}

void
cmd_auth_timestamp(const struct pop3 *p, char *to, size_t size)
{
	to[0] = '\0';
	/* RFC 1939 7: different each time. */
	if (is_on(p, "APOP"))
		snprintf(to, size, "<%016" PRIx64 ".%" PRIi64 "@%s>",
		    p->client->id, p->opened, p->conf->hostname);
}

/* What came of an exchange, as an answer. */
static enum next
finish(struct pop3 *p, enum sasl_relay_result result, const char *mechanism,
    const char *user, const struct sasl_login *login)
{
	switch (result) {
	case SASL_RELAY_OK:
		return login_enter(p, mechanism, login);
	case SASL_RELAY_BACKEND:
		return backend_enter(p, mechanism, login);
	case SASL_RELAY_DENIED:
		return login_deny(p, mechanism, user);
	case SASL_RELAY_BAD:
		return reply_wrong(p, "that is no such response");
	case SASL_RELAY_LONG:
		return reply_wrong(p, "a response that is too long");
	case SASL_RELAY_CANCELLED:
		return reply_refuse(p, "cancelled");
	case SASL_RELAY_UNKNOWN:
		return reply_wrong(p, "no such mechanism here");
	case SASL_RELAY_INSECURE:
		return reply_wrong(
		    p, "[AUTH] no login without encryption from here");
	case SASL_RELAY_LOST:
		return NEXT_DROP;
	default:
		return reply_temporary(p, "can't check the password");
	}
}

static struct sasl_relay
new_relay(struct pop3 *p, struct sasl_channel *channel)
{
	find_channel(p, channel);
	return (struct sasl_relay){.conn = &p->conn,
	    .accounts = client_accounts(),
	    .channel = channel,
	    .prefix = "+ ",
	    .helper = p->conf->helper,
	    .idle = session_idle(p)};
}

/* USER name -- RFC 1939 7. */
enum next
pop3_cmd_user(struct pop3 *p, const struct argument *a)
{
	if (!is_on(p, "USER"))
		return reply_wrong(p, "unknown command");
	free(p->user);
	if ((p->user = strdup(a->text)) == NULL)
		return reply_temporary(p, "no memory");
	/* Whether there is such a user is nobody's business. */
	reply_ok(p, "send PASS");
	return NEXT_CMD;
}

/* PASS string -- RFC 1939 7: all of the line, spaces belong to it. */
enum next
pop3_cmd_pass(struct pop3 *p, const struct argument *a)
{
	struct sasl_channel channel;
	struct sasl_relay relay = new_relay(p, &channel);
	int64_t since = clock_now();
	enum sasl_relay_result result;
	struct sasl_login login;
	enum next next;

	if (p->user == NULL)
		return reply_wrong(p, "send USER first");
	result = sasl_count(
	    "USER", sasl_relay_pass(&relay, p->user, a->text, &login), since);
	next = finish(p, result, "USER", p->user, &login);
	explicit_bzero(&login, sizeof(login));
	free(p->user);
	p->user = NULL;
	return next;
}

/* APOP name digest -- RFC 1939 7. */
enum next
pop3_cmd_apop(struct pop3 *p, const struct argument *a)
{
	const char *space = strrchr(a->text, ' ');
	char timestamp[COMMAND_TIMESTAMP], name[WIRE_NAME_MAX];
	struct sasl_channel channel;
	struct sasl_relay relay = new_relay(p, &channel);
	int64_t since = clock_now();
	enum sasl_relay_result result;
	struct sasl_login login;
	enum next next;

	if (!is_on(p, "APOP"))
		return reply_wrong(p, "unknown command");
	if (space == NULL || (size_t)(space - a->text) >= sizeof(name))
		return reply_wrong(p, "too few arguments");
	memcpy(name, a->text, (size_t)(space - a->text));
	name[space - a->text] = '\0';
	cmd_auth_timestamp(p, timestamp, sizeof(timestamp));
	result = sasl_count("APOP",
	    sasl_relay_apop(&relay, name, timestamp, space + 1, &login), since);
	next = finish(p, result, "APOP", name, &login);
	explicit_bzero(&login, sizeof(login));
	return next;
}

/* AUTH with nothing behind it: older clients ask so for the list. */
static enum next
list_mechanisms(struct pop3 *p)
{
	char list[COMMAND_MECHANISMS];

	reply_ok(p, "mechanisms follow");
	if (cmd_auth_list(p, "\r\n", list, sizeof(list)) > 0)
		conn_printf(&p->conn, "%s\r\n", list);
	conn_puts(&p->conn, ".\r\n");
	return NEXT_CMD;
}

/* AUTH mechanism [initial-response] -- RFC 5034 4. */
enum next
pop3_cmd_auth(struct pop3 *p, const struct argument *a)
{
	size_t length = strcspn(a->text, " ");
	const char *initial =
	    a->text[length] == ' ' ? a->text + length + 1 : NULL;
	struct sasl_channel channel;
	struct sasl_relay relay = new_relay(p, &channel);
	char mechanism[WIRE_MECHANISM_MAX];
	int64_t since = clock_now();
	enum sasl_relay_result result;
	struct sasl_login login;
	enum next next;

	if (!a->given)
		return list_mechanisms(p);
	snprintf(mechanism, sizeof(mechanism), "%.*s", (int)length, a->text);
	if (length >= sizeof(mechanism) || !is_on(p, mechanism) ||
	    is_of_pop3(mechanism))
		return finish(p, SASL_RELAY_UNKNOWN, mechanism, NULL, NULL);
	if (!mechanism_fits(mechanism, &channel, session_allows_plaintext(p)))
		return finish(p, SASL_RELAY_INSECURE, mechanism, NULL, NULL);
	result = sasl_count(mechanism,
	    sasl_relay_run(&relay, mechanism, initial, &login), since);
	next = finish(p, result, mechanism, NULL, &login);
	explicit_bzero(&login, sizeof(login));
	return next;
}
