#include "path.h"

#include "address.h"
#include "idn.h"
#include "reply.h"

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

const char *
path_read(struct smtp *s, const char *text, int flags, const char **rest,
    int *is_utf8)
{
	/* RFC 3463 3.2: X.1.7 is of the sender, X.1.3 of a recipient. */
	const char *subject = flags & ADDRESS_NULL ? "1.7" : "1.3";
	struct address a;
	const char *path;
	size_t used;

	flags |= ADDRESS_UTF8;
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
