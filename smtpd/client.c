#include "client.h"

#include "clock.h"
#include "cmd.h"
#include "limits.h"
#include "log.h"
#include "network.h"
#include "proxy.h"
#include "reply.h"
#include "service.h"
#include "service_listen.h"
#include "settings.h"
#include "told.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How long a balancer may take to say whom it speaks for. */
#define PROXY_TIME (10 * CLOCK_SECOND)

static enum session_kind
kind_of(const struct smtp *s)
{
	switch (service_listen_list(&s->conf->service, s->client->listener)) {
	case SETTINGS_LISTEN_TLS: /* RFC 8314 3.3 */
	case SETTINGS_LISTEN_SUBMISSION:
		return KIND_SUBMISSION;
	case SETTINGS_LISTEN_LMTP:
		return KIND_LMTP;
	default:
		return KIND_MX;
	}
}

static void
set_peer(struct smtp *s, const union listen_address *peer)
{
	s->peer = *peer;
	listen_text(peer, s->address);
}

/* Takes the head of a balancer that the conf names.  0 or -1. */
static int
take_proxy(struct smtp *s)
{
	struct proxy proxy;

	if (!network_list_has(&s->conf->proxy, &s->peer))
		return 0;
	if (proxy_receive(&s->conn, &proxy, clock_after(PROXY_TIME)) == -1) {
		log_info("client.no_proxy", log_id("session", s->id),
		    log_text("client", s->address));
		return -1;
	}
	if (proxy.has_addresses)
		set_peer(s, &proxy.from);
	return 0;
}

/* 421 to one too many: where TLS would come first, without a word. */
static enum next
refuse(struct smtp *s)
{
	log_info("client.refused", log_id("session", s->id),
	    log_text("client", s->address),
	    log_text("reason", "too many sessions of its address"));
	return s->client->is_tls ? NEXT_DROP
				 : reply_closing(s, "4.7.0",
				       "Too many sessions from your address");
}

enum next
client_begin(struct smtp *s)
{
	s->kind = kind_of(s);
	set_peer(s, &s->client->peer);
	if (take_proxy(s) == -1)
		return NEXT_DROP;
	/* Who speaks for others is counted once it has told for whom. */
	if (!client_is_trusted(s) && limits_enter(s) == -1)
		return refuse(s);
	return s->client->is_tls ? cmd_starttls_begin(s) : NEXT_CMD;
}

int
client_is_trusted(const struct smtp *s)
{
	return network_list_has(&s->conf->xclient, &s->client->peer);
}

/* What was told holds for the session; it begins anew. */
static void
adopt(struct smtp *s, const struct told *x)
{
	session_begin_anew(s);
	if (x->has_address)
		set_peer(s, &x->address);
	snprintf(s->told_helo, sizeof(s->told_helo), "%s", x->helo);
	snprintf(s->told_name, sizeof(s->told_name), "%s", x->name);
	snprintf(s->told_login, sizeof(s->told_login), "%s", x->login);
	s->login = x->login[0] != '\0' ? s->told_login : NULL;
	log_info("client.told", log_id("session", s->id),
	    log_text("proxy", s->client->address),
	    log_text("client", s->address), log_text("login", s->login));
}

/* XCLIENT attribute=value ... -- as Postfix's XCLIENT_README has it. */
enum next
smtp_cmd_xclient(struct smtp *s, char *argument)
{
	struct told *x;
	int is_good;

	if (!client_is_trusted(s))
		return reply(s, "550 5.7.0 Not authorized");
	if (s->state & (STATE_MAIL | STATE_RCPT | STATE_BDAT))
		return reply(s, "503 5.5.1 Mail transaction in progress");
	if ((x = malloc(sizeof(*x))) == NULL)
		return reply_no_memory(s);
	is_good = told_parse(argument, x) == 0;
	if (is_good)
		adopt(s, x);
	free(x);
	if (!is_good)
		return reply_syntax(s, "XCLIENT attribute=value ...");
	if (limits_enter(s) == -1)
		return refuse(s);
	return reply_greeting(s);
}
