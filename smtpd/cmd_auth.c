/* AUTH (RFC 4954), and who may send as whom (RFC 6409 6.1).  What a login
 * proves is the accounts helper's matter. */
#include "cmd.h"

#include "clock.h"
#include "command.h"
#include "listen.h"
#include "log.h"
#include "reply.h"
#include "mechanism.h"
#include "sasl_count.h"
#include "sasl_relay.h"
#include "service.h"
#include "settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int
allows_plaintext(const struct smtp *s)
{
	return conn_is_tls(&s->conn) || s->conf->plaintext == PLAINTEXT_YES ||
	       (s->conf->plaintext == PLAINTEXT_LOOPBACK &&
		   s->client->is_local);
}

/* A mail exchanger's clients are servers, which have no account. */
int
cmd_auth_is_offered(const struct smtp *s)
{
	return s->kind == KIND_SUBMISSION ||
	       (s->kind == KIND_MX && s->conf->mx_logins);
}

static int
is_on(const struct smtp *s, const char *mechanism)
{
	const struct conf_list *on = &s->conf->mechanisms;

	for (size_t i = 0; i < on->count; i++)
		if (strcasecmp(on->items[i], mechanism) == 0)
			return 1;
	return 0;
}

size_t
cmd_auth_list(struct smtp *s, char *to, size_t size)
{
	const struct conf_list *on = &s->conf->mechanisms;
	int plaintext = allows_plaintext(s);
	struct sasl_channel channel;
	size_t length = 0;

	to[0] = '\0';
	if (!cmd_auth_is_offered(s))
		return 0;
	sasl_relay_channel(&s->conn, s->address, s->conf->hostname, &channel);
	for (size_t i = 0; i < on->count && length < size; i++)
		if (mechanism_fits(on->items[i], &channel, plaintext))
			length += (size_t)snprintf(
			    to + length, size - length, " %s", on->items[i]);
	return length < size ? length : 0;
}

/* RFC 4954 6 */
static enum next
accept_login(
    struct smtp *s, const char *mechanism, const struct sasl_login *login)
{
	if ((s->own_login = strdup(login->name)) == NULL)
		return reply_no_memory(s);
	s->login = s->own_login;
	log_info("login", log_id("session", s->id),
	    log_text("client", s->address), log_text("box", s->login),
	    log_text("mechanism", mechanism));
	return reply(s, "235 2.7.0 Authentication succeeded");
}

/* Each login that fails came late already; more than some end the session. */
static enum next
deny(struct smtp *s, const char *mechanism)
{
	log_info("login.refused", log_id("session", s->id),
	    log_text("client", s->address), log_text("mechanism", mechanism));
	if (++s->failures >= s->conf->logins)
		return reply_closing(s, "4.7.0", "Too many failed logins");
	return reply(s, "535 5.7.8 Authentication credentials invalid");
}

/* RFC 4954 4 and 6: what came of an exchange that was no login. */
static enum next
refuse(struct smtp *s, const char *mechanism, enum sasl_relay_result result)
{
	switch (result) {
	case SASL_RELAY_DENIED:
		return deny(s, mechanism);
	case SASL_RELAY_BAD:
		return reply(s, "501 5.5.2 That is no such response");
	case SASL_RELAY_LONG:
		return reply(s, "500 5.5.6 Authentication exchange line is "
				"too long");
	case SASL_RELAY_CANCELLED:
		return reply(s, "501 5.7.0 Authentication cancelled");
	case SASL_RELAY_UNKNOWN:
		return reply(s, "504 5.5.4 No such mechanism here");
	case SASL_RELAY_INSECURE:
		return reply(s, "538 5.7.11 Encryption required for requested "
				"authentication mechanism");
	case SASL_RELAY_LOST:
		return NEXT_CMD; /* the loop finds it out, and says why */
	default:
		return reply(s, "454 4.7.0 Temporary authentication failure");
	}
}

static enum next
run_exchange(struct smtp *s, const char *mechanism, const char *initial)
{
	struct sasl_channel channel;
	struct sasl_relay relay = {.conn = &s->conn,
	    .accounts = s->devices->accounts,
	    .channel = &channel,
	    .prefix = "334 ",
	    .helper = s->conf->helper,
	    .idle = session_patience(s, s->conf->command)};
	int64_t since = clock_now();
	enum sasl_relay_result result;
	struct sasl_login login;
	enum next next;

	sasl_relay_channel(&s->conn, s->address, s->conf->hostname, &channel);
	if (!mechanism_fits(mechanism, &channel, allows_plaintext(s)))
		return refuse(s, mechanism, SASL_RELAY_INSECURE);
	result = sasl_count(mechanism,
	    sasl_relay_run(&relay, mechanism, initial, &login), since);
	next = result == SASL_RELAY_OK ? accept_login(s, mechanism, &login)
				       : refuse(s, mechanism, result);
	explicit_bzero(&login, sizeof(login));
	return next;
}

/* AUTH mechanism [initial-response] -- RFC 4954 4. */
enum next
smtp_cmd_auth(struct smtp *s, char *argument)
{
	char mechanism[WIRE_MECHANISM_MAX];
	char *initial = strchr(argument, ' ');
	enum next next;

	if (!cmd_auth_is_offered(s))
		return reply(s, "502 5.5.1 Command not implemented");
	/* RFC 4954 4: once a session, and behind EHLO. */
	if (s->login != NULL || !s->is_extended)
		return reply(s, "503 5.5.1 %s",
		    s->login != NULL ? "You are logged in already"
				     : "Say EHLO first");
	if (initial != NULL)
		*initial++ = '\0';
	if (argument[0] == '\0')
		return reply_syntax(s, "AUTH mechanism [initial-response]");
	if (strlen(argument) >= sizeof(mechanism) || !is_on(s, argument)) {
		next = refuse(s, argument, SASL_RELAY_UNKNOWN);
	} else {
		snprintf(mechanism, sizeof(mechanism), "%s", argument);
		next = run_exchange(s, mechanism, initial);
	}
	conn_wipe_read(&s->conn);
	return next;
}

void
cmd_auth_forget(struct smtp *s)
{
	if (s->login == s->own_login)
		s->login = NULL;
	free(s->own_login);
	s->own_login = NULL;
}

int
cmd_auth_may_send_as(struct smtp *s, const char *reverse_path)
{
	/* A login that a proxy tells of is under the proxy's rules. */
	if (s->own_login == NULL)
		return 1;
	switch (sasl_may_send_as(s->devices->accounts, s->own_login,
	    reverse_path, clock_after(s->conf->helper))) {
	case SASL_OK:
		return 1;
	case SASL_DENIED:
		log_info("mail.refused", log_id("session", s->id),
		    log_text("reason", "sender"), log_text("box", s->login),
		    log_text("from", reverse_path));
		reply(s, "553 5.7.1 Not an address of yours");
		return 0;
	default:
		reply(s, "451 4.3.0 Can't check the sender, try again later");
		return 0;
	}
}
