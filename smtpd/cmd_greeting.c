#include "cmd.h"

#include "address.h"
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
greet(struct smtp *s, const char *name, int is_extended)
{
	size_t length = strlen(name);

	if (length == 0 || length > ADDRESS_DOMAIN_MAX ||
	    (address_domain(name, length) != length &&
		address_literal(name, length) != length)) {
		reply_syntax(
		    s, is_extended ? "EHLO host.example" : "HELO host.example");
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
	s->is_extended = is_extended;
	s->state = STATE_READY;
	return 0;
}

/* EHLO -- RFC 5321 4.1.1.1. */
enum next
smtp_cmd_ehlo(struct smtp *s, char *argument)
{
	if (greet(s, argument, 1) == -1)
		return NEXT_CMD;
	reply(s, "250-%s greets %s", s->conf->hostname, s->helo);
	reply(s, "250-PIPELINING"); /* RFC 2920 */
	reply(s, "250-SIZE %jd", (intmax_t)s->conf->message_size); /* 1870 */
	if (cmd_starttls_is_offered(s))
		reply(s, "250-STARTTLS");	    /* RFC 3207 */
	reply(s, "250-8BITMIME");		    /* RFC 1652 */
	return reply(s, "250 ENHANCEDSTATUSCODES"); /* RFC 2034 */
}

/* HELO -- RFC 5321 4.1.1.1. */
enum next
smtp_cmd_helo(struct smtp *s, char *argument)
{
	if (greet(s, argument, 0) == -1)
		return NEXT_CMD;
	return reply(s, "250 %s greets %s", s->conf->hostname, s->helo);
}
