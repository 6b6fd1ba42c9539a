/*
 * What is agreed on before and beside the work: CAPA (RFC 2449 5), UTF8 and
 * LANG (RFC 6856), XCLIENT.
 */
#include "command.h"

#include "backend_capa.h"
#include "limits.h"
#include "clock.h"
#include "log.h"
#include "policy.h"
#include "reply.h"
#include "xclient.h"

#include <inttypes.h>
#include <string.h>

/* Before the login those that some mailboxes' backends lack can be left out. */
static int
is_told(const struct pop3 *p, const char *name)
{
	return p->state == TRANSACTION ||
	       !backend_capa_is_without(&p->conf->without, name);
}

static void
tell(struct pop3 *p, const char *name)
{
	if (is_told(p, name))
		conn_printf(&p->conn, "%s\r\n", name);
}

/* RFC 2449 6.7: what differs from user to user (whose maildrop may be for
 * reading alone) is said so before the login. */
static void
tell_expire(struct pop3 *p)
{
	int64_t days = policy_days(p->conf);

	if (!is_told(p, "EXPIRE"))
		return;
	if (days == -1 || p->is_read_only)
		conn_puts(&p->conn, "EXPIRE NEVER\r\n");
	else
		conn_printf(&p->conn, "EXPIRE %" PRIi64 "%s\r\n", days,
		    p->state == AUTHORIZATION && p->conf->read_only.count > 0
			? " USER"
			: "");
}

/* RFC 2449 6.5 */
static void
tell_delay(struct pop3 *p)
{
	int64_t delay = p->conf->login_delay;

	if (delay > 0)
		conn_printf(&p->conn, "LOGIN-DELAY %" PRIi64 "\r\n",
		    (delay + CLOCK_SECOND - 1) / CLOCK_SECOND);
}

/* CAPA -- RFC 2449 5. */
enum next
pop3_cmd_capa(struct pop3 *p, const struct argument *a)
{
	char list[COMMAND_MECHANISMS];
	struct conn *c = &p->conn;

	(void)a;
	reply_ok(p, "capabilities follow");
	tell(p, "TOP");
	tell(p, "UIDL");
	if (cmd_stls_is_offered(p))
		conn_puts(c, "STLS\r\n"); /* RFC 2595 4 */
	if (cmd_auth_has_user(p))
		conn_puts(c, "USER\r\n");
	/* RFC 5034 3: what there is before the login, also behind it. */
	if (cmd_auth_list(p, " ", list, sizeof(list)) > 0)
		conn_printf(c, "SASL %s\r\n", list);
	/* RFC 2449 6.4, RFC 3206 6, RFC 2449 6.6 and 6.7. */
	tell(p, "RESP-CODES");
	tell(p, "AUTH-RESP-CODE");
	tell(p, "PIPELINING");
	tell_expire(p);
	tell_delay(p);
	/* RFC 6856 2 and 3: names and passwords are ASCII. */
	tell(p, "UTF8");
	tell(p, "LANG");
	if (p->is_trusted && p->state == AUTHORIZATION)
		conn_puts(c, "XCLIENT\r\n");
	/* RFC 2449 6.9: a server may tell it to its users alone. */
	if (p->state == TRANSACTION)
		conn_puts(c, "IMPLEMENTATION ringmail\r\n");
	conn_puts(c, ".\r\n");
	return NEXT_CMD;
}

/* UTF8 -- RFC 6856 2.1. */
enum next
pop3_cmd_utf8(struct pop3 *p, const struct argument *a)
{
	(void)a;
	p->is_utf8 = 1;
	reply_ok(p, "UTF-8 it is");
	return NEXT_CMD;
}

/* LANG [range] -- RFC 6856 3.2. */
enum next
pop3_cmd_lang(struct pop3 *p, const struct argument *a)
{
	int lang;

	if (!a->given) {
		reply_ok(p, "languages follow");
		for (lang = 0; lang < LANG_COUNT; lang++)
			conn_printf(&p->conn, "%s %s\r\n",
			    lang_tag((enum lang)lang),
			    lang_name((enum lang)lang));
		conn_puts(&p->conn, ".\r\n");
		return NEXT_CMD;
	}
	lang =
	    strcmp(a->text, "*") == 0 ? p->conf->language : lang_find(a->text);
	if (lang == -1)
		return reply_refuse(p, "no such language here");
	p->lang = (enum lang)lang;
	reply_count_ok();
	conn_printf(&p->conn, "+OK %s %s\r\n", lang_tag(p->lang),
	    lang_text(p->lang, "this is English"));
	return NEXT_CMD;
}

/*
 * XCLIENT NAME=VALUE ... -- from a proxy that the conf trusts, before a login;
 * as Dovecot's POP3 proxy says it.
 */
enum next
pop3_cmd_xclient(struct pop3 *p, const struct argument *a)
{
	struct service_client *client = p->client;
	struct xclient x;

	if (!p->is_trusted)
		return reply_wrong(p, "who are you to say so");
	if (xclient_parse(a->text, &x) == -1)
		return reply_wrong(p, "that is no client");
	if (x.hops != -1)
		p->hops = x.hops;
	if (x.has_address) {
		/* Whether passwords may come in clear is still a matter of who
		 * speaks to us: is_local stays. */
		client->peer = x.address;
		listen_text(&client->peer, client->address);
	}
	log_info("session.client", log_id("session", client->id),
	    log_text("client", client->address),
	    log_text("proxy_session", x.session));
	if (limits_enter_address(p) == -1) {
		p->end = "too many sessions";
		reply_refuse(
		    p, "[SYS/TEMP] too many sessions from your address");
		return NEXT_QUIT;
	}
	reply_ok(p, "taken");
	return NEXT_CMD;
}
