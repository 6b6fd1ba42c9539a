#include "told.h"

#include "address.h"
#include "dsn.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Digits alone, 0 to 65535: 0, or -1 where it is none. */
static int
read_port(const char *text, in_port_t *port)
{
	unsigned number = 0;
	size_t i;

	for (i = 0; text[i] >= '0' && text[i] <= '9' && i < 5; i++)
		number = number * 10 + (unsigned)(text[i] - '0');
	if (i == 0 || text[i] != '\0' || number > 65535)
		return -1;
	*port = htons((uint16_t)number);
	return 0;
}

static int
read_address(const char *text, union listen_address *a)
{
	static const char tag[] = "IPV6:";

	memset(a, 0, sizeof(*a));
	if (strncasecmp(text, tag, sizeof(tag) - 1) == 0) {
		a->in6.sin6_family = AF_INET6;
		text += sizeof(tag) - 1;
		return inet_pton(AF_INET6, text, &a->in6.sin6_addr) == 1 ? 0
									 : -1;
	}
	a->in.sin_family = AF_INET;
	return inet_pton(AF_INET, text, &a->in.sin_addr) == 1 ? 0 : -1;
}

/* A name as trace fields have it: a domain or an address literal. */
static int
read_host(const char *text, char *to)
{
	size_t length = strlen(text);

	if (address_domain(text, length) != length &&
	    address_literal(text, length) != length)
		return -1;
	snprintf(to, TOLD_VALUE_MAX, "%s", text);
	return 0;
}

static int
read_protocol(const char *text)
{
	return strcasecmp(text, "SMTP") == 0 || strcasecmp(text, "ESMTP") == 0
		   ? 0
		   : -1;
}

/* One attribute, decoded.  What the proxy does not know says nothing. */
static int
take(struct told *x, const char *name, const char *value, in_port_t *port)
{
	union listen_address other;
	in_port_t unused;

	if (strcasecmp(value, "[UNAVAILABLE]") == 0 ||
	    strcasecmp(value, "[TEMPUNAVAIL]") == 0)
		value = NULL;
	if (strcasecmp(name, "ADDR") == 0) {
		x->has_address = value != NULL;
		return value == NULL ? 0 : read_address(value, &x->address);
	}
	if (strcasecmp(name, "PORT") == 0)
		return value == NULL ? 0 : read_port(value, port);
	if (strcasecmp(name, "NAME") == 0)
		return value == NULL ? 0 : read_host(value, x->name);
	if (strcasecmp(name, "HELO") == 0)
		return value == NULL ? 0 : read_host(value, x->helo);
	if (strcasecmp(name, "PROTO") == 0)
		return value == NULL ? 0 : read_protocol(value);
	if (strcasecmp(name, "DESTADDR") == 0)
		return value == NULL ? 0 : read_address(value, &other);
	if (strcasecmp(name, "DESTPORT") == 0)
		return value == NULL ? 0 : read_port(value, &unused);
	if (strcasecmp(name, "LOGIN") != 0)
		return -1;
	if (value != NULL)
		snprintf(x->login, sizeof(x->login), "%s", value);
	return 0;
}

static int
take_word(struct told *x, char *word, in_port_t *port)
{
	char *value = strchr(word, '='), decoded[TOLD_VALUE_MAX];

	if (value == NULL)
		return -1;
	*value++ = '\0';
	if (!dsn_is_xtext(value, strlen(value)) ||
	    dsn_decode(value, decoded, sizeof(decoded)) == -1)
		return -1;
	return take(x, word, decoded, port);
}

int
told_parse(const char *text, struct told *x)
{
	/* An octet may be written as three. */
	char word[4 * TOLD_VALUE_MAX];
	in_port_t port = 0;
	size_t n;

	memset(x, 0, sizeof(*x));
	do {
		text += strspn(text, " ");
		n = strcspn(text, " ");
		if (n == 0 || n >= sizeof(word))
			return -1;
		memcpy(word, text, n);
		word[n] = '\0';
		if (take_word(x, word, &port) == -1)
			return -1;
		text += n;
	} while (*text != '\0');
	if (x->has_address && x->address.any.sa_family == AF_INET)
		x->address.in.sin_port = port;
	else if (x->has_address)
		x->address.in6.sin6_port = port;
	return 0;
}
