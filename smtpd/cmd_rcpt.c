#include "cmd.h"

#include "accounts.h"
#include "address.h"
#include "clock.h"
#include "command.h"
#include "limits.h"
#include "log.h"
#include "mailbox.h"
#include "param.h"
#include "path.h"
#include "reply.h"
#include "settings.h"

#include <stdlib.h>
#include <string.h>

/* The first pieces of the lists of recipients and of mailboxes; they double. */
#define FIRST_ROOM 4

static unsigned
find_box(const struct transaction *t, const char *name)
{
	unsigned i = 0;

	while (i < t->boxes && strcmp(t->names[i], name) != 0)
		i++;
	return i;
}

/* Room for one more of what a list holds; -1 without memory. */
static int
make_room(void **list, unsigned count, unsigned *room, size_t size)
{
	unsigned wanted = *room == 0 ? FIRST_ROOM : 2 * *room;
	void *grown;

	if (count < *room)
		return 0;
	if ((grown = reallocarray(*list, wanted, size)) == NULL)
		return -1;
	*list = grown;
	*room = wanted;
	return 0;
}

/* Adds a mailbox to the transaction's, none twice, and to the recipient's.
 * NULL, or why it can't be. */
static const char *
add_box(struct transaction *t, struct recipient *r, const char *name)
{
	static const char no_memory[] = "452 4.3.1 Insufficient system storage";
	unsigned at = find_box(t, name);
	void *names = t->names;

	if (at == t->boxes) {
		if (t->boxes == MAILBOX_BOXES_MAX)
			return "452 4.5.3 Too many recipients";
		if (make_room(&names, t->boxes, &t->room, sizeof(*t->names)) ==
		    -1)
			return no_memory;
		t->names = names;
		memcpy(t->names[t->boxes++], name, WIRE_NAME_MAX);
	}
	r->boxes[r->count++] = (uint16_t)at;
	return NULL;
}

/* Adds a recipient with all its mailboxes, or nothing. */
static enum next
add_recipient(
    struct smtp *s, struct recipient *r, const struct accounts_targets *targets)
{
	struct transaction *t = &s->mail;
	unsigned before = t->boxes;
	void *list = t->list;
	const char *why = NULL;

	r->boxes = arena_alloc(&t->arena, targets->count * sizeof(*r->boxes));
	if (r->boxes == NULL || make_room(&list, t->recipients, &t->list_room,
				    sizeof(*t->list)) == -1)
		return reply_no_memory(s);
	t->list = list;
	for (unsigned i = 0; i < targets->count && why == NULL; i++)
		why = add_box(t, r, targets->names[i]);
	if (why != NULL) {
		t->boxes = before;
		return reply(s, "%s", why);
	}
	t->list[t->recipients++] = *r;
	t->crlf = targets->crlf;
	s->state = STATE_RCPT;
	return reply(s, "250 2.1.5 Ok");
}

static enum next
refuse(struct smtp *s, const char *path, const char *text)
{
	log_info("rcpt.refused", log_id("session", s->id),
	    log_id("trace", s->mail.trace), log_text("client", s->address),
	    log_text("from", s->mail.reverse_path), log_text("to", path),
	    log_text("reply", text));
	return reply(s, "%s", text);
}

/* No mailbox gets it: why, for the client and for the log. */
static enum next
refuse_recipient(struct smtp *s, const char *path, enum accounts_result result)
{
	static const char *const replies[ACCOUNTS_RESULTS] = {
	    [ACCOUNTS_FOREIGN] = "550 5.7.1 Relaying denied",
	    [ACCOUNTS_NO_USER] = "550 5.1.1 No such user here",
	    [ACCOUNTS_LOOP] = "451 4.3.5 Alias has no end or too many targets",
	    [ACCOUNTS_DENIED] =
		"550 5.7.1 This address takes no mail from this sender",
	    [ACCOUNTS_TEMPORARY] = "451 4.3.0 Try again later",
	};
	const char *text = replies[ACCOUNTS_TEMPORARY];

	if (result < ACCOUNTS_RESULTS && replies[result] != NULL)
		text = replies[result];
	if (result == ACCOUNTS_NO_USER)
		s->unknown++;
	if (result == ACCOUNTS_FOREIGN && s->kind == KIND_SUBMISSION)
		text = "550 5.7.1 Mail for other hosts is not sent from here";
	return refuse(s, path, text);
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

/* Reads the forward-path and what follows it.  0, or -1 after a refusal. */
static int
read_forward_path(struct smtp *s, const char *text, struct recipient *r)
{
	const char *rest;
	int is_utf8;

	r->path = path_read(s, text, ADDRESS_POSTMASTER, &rest, &is_utf8);
	if (r->path == NULL)
		return -1;
	if (*rest != '\0' && *rest != ' ') {
		reply(s, "501 5.1.3 Bad address syntax");
		return -1;
	}
	if (param_rcpt(s, rest, r) == -1)
		return -1;
	if (is_utf8 && !s->mail.is_utf8) {
		path_refuse_utf8(s);
		return -1;
	}
	return 0;
}

static enum accounts_result
look_up(struct smtp *s, const char *path, struct accounts_targets *targets)
{
	char address[WIRE_ADDRESS_MAX], from[WIRE_ADDRESS_MAX];
	const struct accounts_sender sender = {
	    .who = s->login != NULL ? WIRE_LOOKUP_LOGIN : WIRE_LOOKUP_CLIENT,
	    .address = from,
	};

	if (path_for_lookup(path, address) == -1)
		return ACCOUNTS_FOREIGN;
	/* No rule can name such a one. */
	if (path_for_lookup(s->mail.reverse_path, from) == -1)
		memcpy(from, "?", 2);
	return accounts_lookup(s->devices->accounts, address, &sender, targets,
	    clock_after(s->conf->helper));
}

/* RCPT TO:<forward-path> [parameters] -- RFC 5321 4.1.1.3. */
enum next
smtp_cmd_rcpt(struct smtp *s, char *argument)
{
	const char *text = command_after(argument, "TO:");
	struct recipient r = {0};
	struct accounts_targets targets;
	enum accounts_result result;
	enum next next;

	if (text == NULL)
		return reply_syntax(s, "RCPT TO:<address>");
	/* RFC 5321 4.5.3.1.10 */
	if (s->mail.recipients >= s->conf->recipients)
		return reply(s, "452 4.5.3 Too many recipients");
	if (read_forward_path(s, text, &r) == -1)
		return NEXT_CMD;
	if (limits_recipient(s) == -1)
		return refuse(
		    s, r.path, "450 4.7.1 Too many recipients a minute");
	result = look_up(s, r.path, &targets);
	if (result != ACCOUNTS_OK)
		return refuse_recipient(s, r.path, result);
	/* RFC 5321 4.2.3, RFC 3463 3.3 */
	if (has_no_room(s, &targets))
		next = refuse(s, r.path, "452 4.2.2 Mailbox full");
	else
		next = add_recipient(s, &r, &targets);
	accounts_targets_free(&targets);
	return next;
}
