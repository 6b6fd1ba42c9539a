#include "address.h"

#include "utf8.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const struct conf_list *exact;

void
address_setup(const struct conf_list *domains)
{
	exact = domains;
}

int
address_is_exact(const char *domain)
{
	for (size_t i = 0; exact != NULL && i < exact->count; i++)
		if (strcmp(exact->items[i], "*") == 0 ||
		    strcasecmp(exact->items[i], domain) == 0)
			return 1;
	return 0;
}

static char
lower(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c - 'A' + 'a');
	return c;
}

static int
is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* A lower-case copy; -1 where text is empty or longer than limit. */
static int
copy_lower(const char *text, char *to, size_t limit)
{
	size_t i, length = strlen(text);

	to[0] = '\0';
	if (length == 0 || length > limit)
		return -1;
	memcpy(to, text, length + 1);
	for (i = 0; i < length; i++)
		to[i] = lower(to[i]);
	return 0;
}

static int
is_domain(const char *text)
{
	size_t label;

	for (;;) {
		label = 0;
		while (is_alnum(text[label]) || text[label] == '-')
			label++;
		/* RFC 1035 2.3.4: a label has at most 63 octets. */
		if (label == 0 || label > 63)
			return 0;
		if (text[0] == '-' || text[label - 1] == '-')
			return 0;
		if (text[label] == '\0')
			return 1;
		if (text[label] != '.')
			return 0;
		text += label + 1;
	}
}

static int
is_local(const char *text)
{
	const char *c = text;
	size_t n;

	/* RFC 5321 4.1.2 Dot-string, RFC 6531 3.3; also what keeps "." and ".."
	 * out. */
	if (text[0] == '.' || strstr(text, "..") != NULL)
		return 0;
	for (; *c != '\0'; c += n) {
		n = utf8_character(c, strlen(c));
		if (n == 0 &&
		    (is_alnum(*c) || strchr(".!#$%&'*+-=?^_`{|}~", *c) != NULL))
			n = 1;
		if (n == 0)
			return 0;
	}
	return c[-1] != '.';
}

int
address_parse_domain(const char *text, char *domain)
{
	if (copy_lower(text, domain, ADDRESS_DOMAIN_MAX) == 0 &&
	    is_domain(domain))
		return 0;
	domain[0] = '\0';
	return -1;
}

/* RFC 5321 4.1.2: a Quoted-string means the same as what it quotes. */
static int
unquote(const char *text, char *to, size_t size)
{
	size_t n = 0;

	for (text++; *text != '"'; text++) {
		if (*text == '\\')
			text++;
		if (*text == '\0' || n + 1 >= size)
			return -1;
		to[n++] = *text;
	}
	to[n] = '\0';
	return text[1] == '\0' ? 0 : -1;
}

int
address_parse_local(const char *text, int is_exact, char *local)
{
	char plain[ADDRESS_LOCAL_MAX + 1];

	local[0] = '\0';
	if (text[0] == '"') {
		if (unquote(text, plain, sizeof(plain)) == -1)
			return -1;
		text = plain;
	}
	if (copy_lower(text, local, ADDRESS_LOCAL_MAX) == -1 ||
	    !is_local(local)) {
		local[0] = '\0';
		return -1;
	}
	if (is_exact && strcmp(local, "postmaster") != 0)
		memcpy(local, text, strlen(text));
	return 0;
}

static enum address_status
parse(const char *text, int keeps_case, struct address *a)
{
	/* Quoted and escaped throughout, a local part doubles and gains two. */
	char local[2 * ADDRESS_LOCAL_MAX + 3];
	const char *at = strrchr(text, '@');
	size_t length;

	a->local[0] = a->domain[0] = '\0';
	if (at == NULL || address_parse_domain(at + 1, a->domain) == -1)
		return ADDRESS_BAD;
	length = (size_t)(at - text);
	if (length >= sizeof(local))
		return ADDRESS_BAD_LOCAL;
	memcpy(local, text, length);
	local[length] = '\0';
	if (address_parse_local(local,
		keeps_case || address_is_exact(a->domain), a->local) == -1)
		return ADDRESS_BAD_LOCAL;
	return ADDRESS_OK;
}

enum address_status
address_parse(const char *text, struct address *a)
{
	return parse(text, 0, a);
}

enum address_status
address_parse_stored(const char *text, struct address *a)
{
	return parse(text, 1, a);
}

int
address_parse_catch_all(const char *text, struct address *a)
{
	a->local[0] = a->domain[0] = '\0';
	if (text[0] != '@')
		return -1;
	return address_parse_domain(text + 1, a->domain);
}

void
address_name(const struct address *a, char *name)
{
	snprintf(name, WIRE_NAME_MAX, "%s@%s", a->local, a->domain);
}

void
address_key(const struct address *a, char *key)
{
	snprintf(key, KV_KEY_MAX, "%s/%s", a->domain, a->local);
}

int
address_from_key(const char *key, struct address *a)
{
	const char *slash = strchr(key, '/');
	size_t domain;

	if (slash == NULL)
		return -1;
	domain = (size_t)(slash - key);
	if (domain >= sizeof(a->domain) ||
	    strlen(slash + 1) >= sizeof(a->local))
		return -1;
	memcpy(a->domain, key, domain);
	a->domain[domain] = '\0';
	snprintf(a->local, sizeof(a->local), "%s", slash + 1);
	return 0;
}
