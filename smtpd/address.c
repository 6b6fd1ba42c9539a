#include "address.h"

#include "utf8.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Octets of one label of a domain name: RFC 1035 2.3.4. */
#define LABEL_MAX 63

/* Not isalnum(3): that depends on the locale and on the sign of char. */
static int
is_let_dig(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9');
}

static int
is_atext(char c)
{
	return is_let_dig(c) ||
	       (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

/* Octets of one character of an atom, 0 for none. */
static size_t
atext(const char *text, size_t length, int flags)
{
	if (length > 0 && is_atext(text[0]))
		return 1;
	/* RFC 6531 3.3: atext =/ UTF8-non-ascii */
	return flags & ADDRESS_UTF8 ? utf8_character(text, length) : 0;
}

/* RFC 5321 4.1.2: Dot-string.  Octets of it, 0 for none. */
static size_t
dot_string(const char *text, size_t length, int flags)
{
	size_t i = 0, atom, n;

	for (;;) {
		atom = i;
		while ((n = atext(text + i, length - i, flags)) > 0)
			i += n;
		if (i == atom)
			return 0;
		if (i == length || text[i] != '.')
			return i;
		i++;
	}
}

/* RFC 5321 4.1.2: Quoted-string.  Octets with its quotes, 0 for none. */
static size_t
quoted_string(const char *text, size_t length, int flags)
{
	size_t i = 1, n;

	while (i < length) {
		if (text[i] == '"')
			return i + 1;
		/* RFC 6531 3.3: qtextSMTP =/ UTF8-non-ascii */
		if (flags & ADDRESS_UTF8 &&
		    (n = utf8_character(text + i, length - i)) > 0) {
			i += n;
			continue;
		}
		if (text[i] == '\\' && ++i == length)
			return 0;
		if (text[i] < ' ' || text[i] > '~')
			return 0;
		i++;
	}
	return 0;
}

static size_t
domain(const char *text, size_t length, int flags)
{
	size_t i = 0, label, n;

	for (;;) {
		for (label = i; i < length; i += n) {
			n = is_let_dig(text[i]) || text[i] == '-';
			/* RFC 6531 3.3: sub-domain =/ U-label */
			if (n == 0 && flags & ADDRESS_UTF8)
				n = utf8_character(text + i, length - i);
			if (n == 0)
				break;
		}
		/* RFC 5321 4.1.2: sub-domain = Let-dig [Ldh-str] */
		if (i == label || i - label > LABEL_MAX || text[label] == '-' ||
		    text[i - 1] == '-')
			return 0;
		if (i == length || text[i] != '.')
			return i;
		i++;
	}
}

size_t
address_domain(const char *text, size_t length)
{
	return domain(text, length, 0);
}

size_t
address_domain_utf8(const char *text, size_t length)
{
	return domain(text, length, ADDRESS_UTF8);
}

size_t
address_literal(const char *text, size_t length)
{
	static const char tag[] = "IPv6:";
	char copy[INET6_ADDRSTRLEN];
	unsigned char number[16];
	const char *end, *start = text + 1;
	int family = AF_INET;

	if (length == 0 || text[0] != '[' ||
	    (end = memchr(text, ']', length)) == NULL)
		return 0;
	if ((size_t)(end - start) >= sizeof(tag) - 1 &&
	    strncasecmp(start, tag, sizeof(tag) - 1) == 0) {
		family = AF_INET6;
		start += sizeof(tag) - 1;
	}
	if ((size_t)(end - start) >= sizeof(copy))
		return 0;
	memcpy(copy, start, (size_t)(end - start));
	copy[end - start] = '\0';
	/* A NUL inside would let inet_pton see less than what stands there. */
	if (strlen(copy) != (size_t)(end - start) ||
	    inet_pton(family, copy, number) != 1)
		return 0;
	return (size_t)(end - text) + 1;
}

/* RFC 5321 4.1.2: A-d-l ":", the source route.  Octets of it, 0 for none. */
static size_t
source_route(const char *text, size_t length, int flags)
{
	size_t i = 0, n;

	while (i < length && text[i] == '@') {
		i++;
		if ((n = domain(text + i, length - i, flags)) == 0)
			return 0;
		i += n;
		if (i < length && text[i] == ':')
			return i + 1;
		if (i == length || text[i] != ',')
			return 0;
		i++;
	}
	return 0;
}

/* Local-part "@" ( Domain / address-literal ).  Octets of it, 0 for none. */
static size_t
mailbox(const char *text, size_t length, int flags, struct address *a)
{
	static const char postmaster[] = "postmaster";
	size_t i, n;

	a->local = text;
	a->local_length = length > 0 && text[0] == '"'
			      ? quoted_string(text, length, flags)
			      : dot_string(text, length, flags);
	i = a->local_length;
	if (i == 0 || i == length)
		return 0;
	if (text[i] != '@') {
		/* RFC 5321 4.1.1.3: "<Postmaster>" needs no domain. */
		a->domain = text + i;
		a->domain_length = 0;
		return (flags & ADDRESS_POSTMASTER) != 0 &&
			       i == sizeof(postmaster) - 1 &&
			       strncasecmp(text, postmaster, i) == 0
			   ? i
			   : 0;
	}
	i++;
	n = domain(text + i, length - i, flags);
	if (n == 0)
		n = address_literal(text + i, length - i);
	a->domain = text + i;
	a->domain_length = n;
	return n == 0 ? 0 : i + n;
}

enum address_result
address_path(
    const char *text, size_t length, int flags, struct address *a, size_t *used)
{
	struct address found = {0};
	size_t i = 1, n;

	if (length < 2 || text[0] != '<')
		return ADDRESS_SYNTAX;
	if (text[1] == '>' && (flags & ADDRESS_NULL) != 0) {
		*a = (struct address){.local = text + 1, .domain = text + 1};
		*used = 2;
		return ADDRESS_OK;
	}
	i += source_route(text + i, length - i, flags);
	if ((n = mailbox(text + i, length - i, flags, &found)) == 0)
		return ADDRESS_SYNTAX;
	i += n;
	if (i == length || text[i] != '>')
		return ADDRESS_SYNTAX;
	i++;
	/* RFC 5321 4.5.3.1.1, 4.5.3.1.2, 4.5.3.1.3 */
	if (found.local_length > ADDRESS_LOCAL_MAX ||
	    found.domain_length > ADDRESS_DOMAIN_MAX || i > ADDRESS_PATH_MAX)
		return ADDRESS_TOO_LONG;
	found.is_utf8 = utf8_is_needed(found.local, found.local_length) ||
			utf8_is_needed(found.domain, found.domain_length);
	*a = found;
	*used = i;
	return ADDRESS_OK;
}

/* What a quoted string stands for, in to[ADDRESS_LOCAL_MAX]; its length. */
static size_t
unquote(const struct address *a, char *to)
{
	size_t i, n = 0;

	for (i = 1; i + 1 < a->local_length && n < ADDRESS_LOCAL_MAX; i++) {
		if (a->local[i] == '\\')
			i++;
		to[n++] = a->local[i];
	}
	return n;
}

/* Writes the local part with no more quoting than it needs; its length. */
static size_t
format_local(const struct address *a, char to[2 * ADDRESS_LOCAL_MAX + 2])
{
	char plain[ADDRESS_LOCAL_MAX];
	size_t i, length, n = 0;

	length = a->local_length;
	if (length > ADDRESS_LOCAL_MAX)
		length = ADDRESS_LOCAL_MAX;
	if (length == 0 || a->local[0] != '"') {
		memcpy(to, a->local, length);
		return length;
	}
	length = unquote(a, plain);
	if (length > 0 && dot_string(plain, length, ADDRESS_UTF8) == length) {
		memcpy(to, plain, length);
		return length;
	}
	to[n++] = '"';
	for (i = 0; i < length; i++) {
		if (plain[i] == '"' || plain[i] == '\\')
			to[n++] = '\\';
		to[n++] = plain[i];
	}
	to[n++] = '"';
	return n;
}

int
address_format(const struct address *a, char *to, size_t size)
{
	char local[2 * ADDRESS_LOCAL_MAX + 2];
	int length;

	if (a->local_length == 0)
		length = snprintf(to, size, "%s", "");
	else if (a->domain_length == 0)
		length = snprintf(to, size, "postmaster");
	else
		length =
		    snprintf(to, size, "%.*s@%.*s", (int)format_local(a, local),
			local, (int)a->domain_length, a->domain);
	return length >= 0 && (size_t)length < size ? length : -1;
}
