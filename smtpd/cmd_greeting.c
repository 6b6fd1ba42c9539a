#include "cmd.h"

#include "address.h"
#include "client.h"
#include "reply.h"
#include "settings.h"

#include <string.h>
#include <strings.h>

/*
 * RFC 5321 4.1.4: HELO and EHLO clear the state, as RSET does, if they are
 * good.  A name that is none is refused (4.1.2); one that is not the client's
 * is not (4.1.4).  NEXT_CMD where the greeting was good, and nothing said yet.
 */
static int
greet(struct smtp *s, const char *name, const char *verb, int is_extended)
{
	size_t length = strlen(name);

	if (length == 0 || length > ADDRESS_DOMAIN_MAX ||
	    (address_domain(name, length) != length &&
		address_literal(name, length) != length)) {
		reply(s, "501 5.5.4 Syntax: %s host.example", verb);
		return -1;
	}
	session_reset(s);
	/* A client that greets again and again must not use up the arena. */
	if (s->helo == NULL || strcmp(s->helo, name) != 0) {
		arena_reset(&s->arena);
		s->client_name = NULL;
		s->is_name_known = 0;
		s->state = STATE_START;
		if ((s->helo = arena_strdup(&s->arena, name)) == NULL) {
			reply_no_memory(s);
			return -1;
		}
	}
	/* What a trusted proxy told of its client stands for what it said. */
	if (s->told_helo[0] != '\0')
		s->helo = s->told_helo;
	if (s->told_name[0] != '\0') {
		s->client_name = s->told_name;
		s->is_name_known = 1;
	}
	s->is_extended = is_extended;
	s->state = STATE_READY;
	return 0;
}

/* Room for the names of all mechanisms. */
#define MECHANISMS_MAX 256

/* What a session may use from now on: EHLO's answer, and LHLO's. */
static enum next
list_extensions(struct smtp *s)
{
	char list[MECHANISMS_MAX];

	reply(s, "250-%s greets %s", s->conf->hostname, s->helo);
	reply(s, "250-PIPELINING"); /* RFC 2920 */
	reply(s, "250-SIZE %jd", (intmax_t)s->conf->message_size); /* 1870 */
	/* RFC 9422 */
	if (s->conf->messages > 0)
		reply(s, "250-LIMITS MAILMAX=%jd RCPTMAX=%jd",
		    (intmax_t)s->conf->messages, (intmax_t)s->conf->recipients);
	else
		reply(
		    s, "250-LIMITS RCPTMAX=%jd", (intmax_t)s->conf->recipients);
	if (cmd_starttls_is_offered(s))
		reply(s, "250-STARTTLS"); /* RFC 3207 */
	if (cmd_auth_list(s, list, sizeof(list)) > 0)
		reply(s, "250-AUTH%s", list); /* RFC 4954 3 */
	reply(s, "250-8BITMIME");	      /* RFC 6152 */
	reply(s, "250-SMTPUTF8");	      /* RFC 6531 */
	reply(s, "250-CHUNKING");	      /* RFC 3030 */
	reply(s, "250-DSN");		      /* RFC 3461 */
	if (s->kind != KIND_LMTP)
		reply(s, "250-PRDR");
	if (client_is_trusted(s))
		reply(s, "250-XCLIENT %s", TOLD_NAMES);
	return reply(s, "250 ENHANCEDSTATUSCODES"); /* RFC 2034 */
}

/* EHLO -- RFC 5321 4.1.1.1. */
enum next
smtp_cmd_ehlo(struct smtp *s, char *argument)
{
	return greet(s, argument, "EHLO", 1) == -1 ? NEXT_CMD
						   : list_extensions(s);
}

/* LHLO -- RFC 2033 4.1. */
enum next
smtp_cmd_lhlo(struct smtp *s, char *argument)
{
	return greet(s, argument, "LHLO", 1) == -1 ? NEXT_CMD
						   : list_extensions(s);
}

/* HELO -- RFC 5321 4.1.1.1. */
enum next
smtp_cmd_helo(struct smtp *s, char *argument)
{
	if (greet(s, argument, "HELO", 0) == -1)
		return NEXT_CMD;
	return reply(s, "250 %s greets %s", s->conf->hostname, s->helo);
}
