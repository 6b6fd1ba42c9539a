#include "xclient.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define HOPS_MAX 255

/* Digits alone, at most `most`; -1 where it is none. */
static int
read_number(const char *text, int most)
{
	int number = 0;

	for (size_t i = 0; text[i] != '\0'; i++) {
		if (text[i] < '0' || text[i] > '9' || i == 5)
			return -1;
		number = number * 10 + (text[i] - '0');
	}
	return text[0] != '\0' && number <= most ? number : -1;
}

static int
set_address(struct xclient *x, const char *host)
{
	static const char prefix[] = "IPV6:";

	if (strncasecmp(host, prefix, sizeof(prefix) - 1) == 0)
		host += sizeof(prefix) - 1;
	x->has_address = 1;
	if (inet_pton(AF_INET, host, &x->address.in.sin_addr) == 1) {
		x->address.in.sin_family = AF_INET;
		return 0;
	}
	x->address.in6.sin6_family = AF_INET6;
	return inet_pton(AF_INET6, host, &x->address.in6.sin6_addr) == 1 ? 0
									 : -1;
}

/* Letters, digits and few signs: it comes into a log line. */
static int
set_session(struct xclient *x, const char *text)
{
	if (strlen(text) >= sizeof(x->session))
		return -1;
	for (const char *c = text; *c != '\0'; c++)
		if (*c < 0x21 || *c > 0x7e)
			return -1;
	snprintf(x->session, sizeof(x->session), "%s", text);
	return 0;
}

static int
take(struct xclient *x, const char *name, const char *value, int *port)
{
	if (strcasecmp(name, "ADDR") == 0)
		return x->has_address ? -1 : set_address(x, value);
	if (strcasecmp(name, "PORT") == 0)
		return (*port = read_number(value, 65535)) == -1 ? -1 : 0;
	if (strcasecmp(name, "TTL") == 0)
		return (x->hops = read_number(value, HOPS_MAX)) == -1 ? -1 : 0;
	if (strcasecmp(name, "SESSION") == 0)
		return set_session(x, value);
	return 0;
}

int
xclient_parse(const char *text, struct xclient *x)
{
	char word[1024], *value;
	int port = 0;

	memset(x, 0, sizeof(*x));
	x->hops = -1;
	while (*text != '\0') {
		size_t n = strcspn(text, " ");

		if (n == 0 || n >= sizeof(word))
			return -1;
		memcpy(word, text, n);
		word[n] = '\0';
		if ((value = strchr(word, '=')) == NULL || value == word)
			return -1;
		*value++ = '\0';
		if (take(x, word, value, &port) == -1)
			return -1;
		text += n + (text[n] == ' ');
	}
	if (x->has_address && x->address.any.sa_family == AF_INET)
		x->address.in.sin_port = htons((uint16_t)port);
	else if (x->has_address)
		x->address.in6.sin6_port = htons((uint16_t)port);
	return 0;
}
