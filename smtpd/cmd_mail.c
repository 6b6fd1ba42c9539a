#include "cmd.h"

#include "address.h"
#include "clock.h"
#include "command.h"
#include "limits.h"
#include "param.h"
#include "path.h"
#include "reply.h"
#include "resolver.h"
#include "service.h"
#include "settings.h"
#include "trace.h"

#include <string.h>

/* The client's name in DNS: asked for once, when it first matters. */
static void
find_client_name(struct smtp *s)
{
	char host[ADDRESS_DOMAIN_MAX + 1];

	if (s->is_name_known || !s->conf->client_names ||
	    s->peer.any.sa_family == AF_UNIX)
		return;
	s->is_name_known = 1;
	if (resolver_host_of(s->devices->resolver, &s->peer.any, host,
		sizeof(host), clock_after(s->conf->helper)) != RESOLVER_FOUND)
		return;
	/* DNS holds any octets; trace fields take domain names. */
	if (host[0] != '\0' &&
	    address_domain(host, strlen(host)) == strlen(host))
		s->client_name = arena_strdup(&s->arena, host);
}

/* Reads the reverse-path and what follows it.  0, or -1 after a refusal. */
static int
read_reverse_path(struct smtp *s, const char *text)
{
	const char *path, *rest;
	int is_utf8;

	path = path_read(s, text, ADDRESS_NULL, &rest, &is_utf8);
	if (path == NULL || param_mail(s, rest) == -1)
		return -1;
	if (is_utf8 && !s->mail.is_utf8) {
		path_refuse_utf8(s);
		return -1;
	}
	s->mail.reverse_path = path;
	return 0;
}

/* MAIL FROM:<reverse-path> [parameters] -- RFC 5321 4.1.1.2. */
enum next
smtp_cmd_mail(struct smtp *s, char *argument)
{
	const char *text = command_after(argument, "FROM:");

	if (text == NULL)
		return reply_syntax(s, "MAIL FROM:<address>");
	/* RFC 6409 4.3, RFC 4954 6 */
	if (s->kind == KIND_SUBMISSION && s->login == NULL)
		return reply(s, "530 5.7.0 Authentication required");
	/* RFC 9422: MAILMAX */
	if (s->conf->messages > 0 && s->messages >= (uint64_t)s->conf->messages)
		return reply_closing(s, "4.7.0", "Too many messages");
	if (limits_message(s) == -1)
		return reply(s, "450 4.7.1 Too many messages a minute");
	session_reset(s);
	if (read_reverse_path(s, text) == -1 ||
	    !cmd_auth_may_send_as(s, s->mail.reverse_path)) {
		session_reset(s);
		return NEXT_CMD;
	}
	find_client_name(s);
	s->mail.trace = trace_id(s->id, ++s->messages);
	s->state = STATE_MAIL;
	return reply(s, "250 2.1.0 Ok");
}

/* RSET -- RFC 5321 4.1.1.5. */
enum next
smtp_cmd_rset(struct smtp *s, char *argument)
{
	(void)argument;
	session_reset(s);
	return reply(s, "250 2.0.0 Ok");
}
