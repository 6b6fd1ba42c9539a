#include "path.h"

#include "address.h"
#include "idn.h"
#include "reply.h"

#include <stdio.h>
#include <string.h>

/* A path as text in the transaction's arena; NULL without memory. */
static const char *
keep(struct smtp *s, const struct address *a)
{
	char text[ADDRESS_TEXT_MAX];

	if (address_format(a, text, sizeof(text)) == -1)
		return NULL;
	return arena_strdup(&s->mail.arena, text);
}

/* Why the path is refused, or NULL. */
static const char *
judge(const char *text, int flags, struct address *a, size_t *used)
{
	/* RFC 3463 3.2: X.1.7 is of the sender, X.1.3 of a recipient. */
	int is_sender = flags & ADDRESS_NULL;

	switch (
	    address_path(text, strlen(text), flags | ADDRESS_UTF8, a, used)) {
	case ADDRESS_OK:
		return NULL;
	case ADDRESS_TOO_LONG:
		/* RFC 5321 4.5.3.1.9 */
		return is_sender ? "501 5.1.7 Path too long"
				 : "501 5.1.3 Path too long";
	case ADDRESS_SYNTAX:
	default:
		return is_sender ? "501 5.1.7 Bad address syntax"
				 : "501 5.1.3 Bad address syntax";
	}
}

const char *
path_read(struct smtp *s, const char *text, int flags, const char **rest,
    int *is_utf8)
{
	struct address a;
	const char *path, *why;
	size_t used;

	if ((why = judge(text, flags, &a, &used)) != NULL) {
		reply(s, "%s", why);
		return NULL;
	}
	*rest = text + used;
	*is_utf8 = a.is_utf8;
	if ((path = keep(s, &a)) == NULL)
		reply_no_memory(s);
	return path;
}

enum next
path_refuse_utf8(struct smtp *s)
{
	return reply(s, "553 5.6.7 Address needs SMTPUTF8");
}

int
path_for_lookup(const char *path, char to[WIRE_ADDRESS_MAX])
{
	const char *at = strrchr(path, '@');
	size_t local;

	local = at != NULL ? (size_t)(at - path) + 1 : strlen(path);
	if (local >= WIRE_ADDRESS_MAX)
		return -1;
	memcpy(to, path, local);
	to[local] = '\0';
	return at == NULL
		   ? 0
		   : idn_to_ascii(at + 1, to + local, WIRE_ADDRESS_MAX - local);
}

/* As MAIL or RCPT would: the reply, or NULL with the path in to. */
static const char *
look_at(const char *text, char to[WIRE_ADDRESS_MAX])
{
	int is_sender = strncmp(text, "FROM:", 5) == 0;
	char path[ADDRESS_TEXT_MAX];
	struct address a;
	const char *why;
	size_t used;

	text += is_sender ? 5 : 3;
	why = judge(
	    text, is_sender ? ADDRESS_NULL : ADDRESS_POSTMASTER, &a, &used);
	if (why != NULL)
		return why;
	/* What follows is for parameters (RFC 5321 4.1.2). */
	if (text[used] != '\0' || address_format(&a, path, sizeof(path)) == -1)
		return is_sender ? "501 5.5.4 Bad parameter"
				 : "501 5.1.3 Bad address syntax";
	if (path_for_lookup(path, to) == 0)
		return NULL;
	/* No rule can name such a sender. */
	memcpy(to, "?", 2);
	return is_sender ? NULL : "550 5.7.1 Relaying denied";
}

int
path_ask(const char *text)
{
	char path[WIRE_ADDRESS_MAX];
	const char *why;

	if (strncmp(text, "FROM:", 5) != 0 && strncmp(text, "TO:", 3) != 0)
		return 2;
	why = look_at(text, path);
	if (puts(why == NULL ? path : why) == EOF || fflush(stdout) != 0)
		return 2;
	return why == NULL ? 0 : 1;
}
