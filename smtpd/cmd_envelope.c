#include "cmd.h"

#include "accounts.h"
#include "address.h"
#include "clock.h"
#include "command.h"
#include "log.h"
#include "mailbox.h"
#include "reply.h"
#include "resolver.h"
#include "service.h"
#include "settings.h"
#include "trace.h"

#include <stdlib.h>
#include <string.h>

/* The first piece of the list of mailboxes; it doubles. */
#define FIRST_ROOM 4

/* A path as text in the transaction's arena; NULL without memory. */
static const char *
keep_path(struct smtp *s, const struct address *a)
{
	char text[ADDRESS_TEXT_MAX];

	if (address_format(a, text, sizeof(text)) == -1)
		return NULL;
	return arena_strdup(&s->mail.arena, text);
}

/*
 * Reads the path that an argument begins with.  Returns it as text with *rest
 * at what follows; NULL after a refusal.
 */
static const char *
read_path(struct smtp *s, const char *text, int flags, const char **rest)
{
	const char *subject = flags & ADDRESS_NULL ? "1.7" : "1.3";
	struct address a;
	const char *path;
	size_t used;

	switch (address_path(text, strlen(text), flags, &a, &used)) {
	case ADDRESS_OK:
		break;
	case ADDRESS_TOO_LONG:
		/* RFC 5321 4.5.3.1.9 */
		reply(s, "501 5.%s Path too long", subject);
		return NULL;
	case ADDRESS_SYNTAX:
	default:
		reply(s, "501 5.%s Bad address syntax", subject);
		return NULL;
	}
	*rest = text + used;
	if ((path = keep_path(s, &a)) == NULL)
		reply_no_memory(s);
	return path;
}

/* RFC 1870 6.1: a declared size that is too large ends it before it began. */
static int
take_size(struct smtp *s, const struct command_param *p)
{
	long long octets;

	if (command_size(p, &octets) == -1) {
		reply(s, "501 5.5.4 SIZE wants a number");
		return -1;
	}
	if (octets > s->conf->message_size) {
		log_info("mail.refused", log_id("session", s->id),
		    log_text("reason", "size"), log_int("size", octets));
		reply(s, "552 5.3.4 Message larger than %jd octets",
		    (intmax_t)s->conf->message_size);
		return -1;
	}
	s->mail.declared = (uint64_t)octets;
	return 0;
}

/* RFC 1652 3: either kind of body is stored as it comes. */
static int
take_body(struct smtp *s, const struct command_param *p)
{
	if (p->value != NULL &&
	    (command_is(p->value, p->value_length, "7BIT") ||
		command_is(p->value, p->value_length, "8BITMIME")))
		return 0;
	reply(s, "501 5.5.4 BODY is 7BIT or 8BITMIME");
	return -1;
}

/* Reads what follows the reverse-path.  0, or -1 after a refusal. */
static int
take_parameters(struct smtp *s, const char *text)
{
	struct command_param p;
	int more, bad = 0;

	while ((more = command_param(&text, &p)) == 1 && !bad) {
		if (command_is(p.keyword, p.keyword_length, "SIZE"))
			bad = take_size(s, &p);
		else if (command_is(p.keyword, p.keyword_length, "BODY"))
			bad = take_body(s, &p);
		else {
			/* RFC 5321 4.1.1.11 */
			reply(s, "555 5.5.4 Parameter not implemented");
			bad = -1;
		}
	}
	if (more == -1 && !bad) {
		reply(s, "501 5.5.4 Bad parameter");
		return -1;
	}
	return bad;
}

/* The client's name in DNS: asked for once, when it first matters. */
static void
find_client_name(struct smtp *s)
{
	char host[ADDRESS_DOMAIN_MAX + 1];

	if (s->is_name_known || !s->conf->client_names)
		return;
	s->is_name_known = 1;
	if (resolver_host_of(s->devices->resolver, &s->client->peer.any, host,
		sizeof(host), clock_after(s->conf->helper)) != RESOLVER_FOUND)
		return;
	/* DNS holds any octets; trace fields take domain names. */
	if (host[0] != '\0' &&
	    address_domain(host, strlen(host)) == strlen(host))
		s->client_name = arena_strdup(&s->arena, host);
}

/* MAIL FROM:<reverse-path> [parameters] -- RFC 5321 4.1.1.2. */
enum next
smtp_cmd_mail(struct smtp *s, char *argument)
{
	const char *text = command_after(argument, "FROM:");
	const char *path, *rest;

	if (text == NULL)
		return reply_syntax(s, "MAIL FROM:<address>");
	session_reset(s);
	path = read_path(s, text, ADDRESS_NULL, &rest);
	if (path == NULL || take_parameters(s, rest) == -1) {
		session_reset(s);
		return NEXT_CMD;
	}
	find_client_name(s);
	s->mail.reverse_path = path;
	s->mail.trace = trace_id(s->id, ++s->messages);
	s->state = STATE_MAIL;
	return reply(s, "250 2.1.0 Ok");
}

static int
has_box(const struct transaction *t, const char *name)
{
	for (unsigned i = 0; i < t->boxes; i++)
		if (strcmp(t->names[i], name) == 0)
			return 1;
	return 0;
}

static int
make_room(struct transaction *t)
{
	unsigned room = t->room == 0 ? FIRST_ROOM : 2 * t->room;
	char(*names)[WIRE_NAME_MAX];

	if (t->boxes < t->room)
		return 0;
	if ((names = realloc(t->names, room * sizeof(*names))) == NULL)
		return -1;
	t->names = names;
	t->room = room;
	return 0;
}

/*
 * Adds mailboxes to the transaction's, no one twice: all, or none.  One
 * delivery commits to all of them, so they must fit into one.
 */
static enum next
add_boxes(struct smtp *s, const struct accounts_targets *targets)
{
	struct transaction *t = &s->mail;
	unsigned before = t->boxes;

	for (unsigned i = 0; i < targets->count; i++) {
		if (has_box(t, targets->names[i]))
			continue;
		if (t->boxes == WIRE_TARGETS_MAX) {
			t->boxes = before;
			return reply(s, "452 4.5.3 Too many recipients");
		}
		if (make_room(t) == -1) {
			t->boxes = before;
			return reply_no_memory(s);
		}
		memcpy(t->names[t->boxes++], targets->names[i], WIRE_NAME_MAX);
	}
	t->recipients++;
	s->state = STATE_RCPT;
	return reply(s, "250 2.1.5 Ok");
}

static void
log_refusal(struct smtp *s, const char *path, const char *text)
{
	log_info("rcpt.refused", log_id("session", s->id),
	    log_id("trace", s->mail.trace),
	    log_text("client", s->client->address),
	    log_text("from", s->mail.reverse_path), log_text("to", path),
	    log_text("reply", text));
}

/* No mailbox gets it: why, for the client and for the log. */
static enum next
refuse_recipient(struct smtp *s, const char *path, enum accounts_result result)
{
	static const char *const replies[ACCOUNTS_RESULTS] = {
	    [ACCOUNTS_FOREIGN] = "550 5.7.1 Relaying denied",
	    [ACCOUNTS_NO_USER] = "550 5.1.1 No such user here",
	    [ACCOUNTS_LOOP] = "451 4.3.5 Alias has no end or too many targets",
	    [ACCOUNTS_TEMPORARY] = "451 4.3.0 Try again later",
	};
	const char *text = replies[ACCOUNTS_TEMPORARY];

	if (result < ACCOUNTS_RESULTS && replies[result] != NULL)
		text = replies[result];
	log_refusal(s, path, text);
	return reply(s, "%s", text);
}

/* Whether a mailbox is over its quota, or would be.  What can't be told now is
 * told when the message is committed. */
static int
has_no_room(struct smtp *s, const struct accounts_targets *targets)
{
	return targets->limited &&
	       mailbox_room(s->devices->mailbox, targets->count,
		   (const char(*)[WIRE_NAME_MAX])targets->names,
		   s->mail.declared,
		   clock_after(s->conf->helper)) == MAILBOX_FULL;
}

/* RFC 5321 4.2.3, RFC 3463 3.3. */
static enum next
refuse_full(struct smtp *s, const char *path)
{
	static const char text[] = "452 4.2.2 Mailbox full";

	log_refusal(s, path, text);
	return reply(s, "%s", text);
}

/* RCPT TO:<forward-path> [parameters] -- RFC 5321 4.1.1.3. */
enum next
smtp_cmd_rcpt(struct smtp *s, char *argument)
{
	const char *text = command_after(argument, "TO:");
	const char *path, *rest;
	struct accounts_targets targets;
	enum accounts_result result;
	enum next next;

	if (text == NULL)
		return reply_syntax(s, "RCPT TO:<address>");
	/* RFC 5321 4.5.3.1.10 */
	if (s->mail.recipients >= s->conf->recipients)
		return reply(s, "452 4.5.3 Too many recipients");
	path = read_path(s, text, ADDRESS_POSTMASTER, &rest);
	if (path == NULL)
		return NEXT_CMD;
	/* RFC 5321 4.1.1.11: no extension of ours has any here. */
	if (*rest != '\0')
		return reply(s, *rest == ' '
				    ? "555 5.5.4 Parameter not implemented"
				    : "501 5.1.3 Bad address syntax");
	result = accounts_lookup(
	    s->devices->accounts, path, &targets, clock_after(s->conf->helper));
	if (result != ACCOUNTS_OK)
		return refuse_recipient(s, path, result);
	if (has_no_room(s, &targets)) {
		accounts_targets_free(&targets);
		return refuse_full(s, path);
	}
	if (s->mail.recipients == 0)
		s->mail.forward_path = path;
	s->mail.crlf = targets.crlf;
	next = add_boxes(s, &targets);
	accounts_targets_free(&targets);
	return next;
}

/* RSET -- RFC 5321 4.1.1.5. */
enum next
smtp_cmd_rset(struct smtp *s, char *argument)
{
	(void)argument;
	session_reset(s);
	return reply(s, "250 2.0.0 Ok");
}
