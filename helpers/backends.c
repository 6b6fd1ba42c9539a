#include "backends.h"

#include "wire.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define PORT_MOST   65535
#define PORT_DIGITS 5

/* The port behind the last colon, 0 where there is none. */
static unsigned
read_port(const char *text)
{
	unsigned port = 0;
	size_t n = strspn(text, "0123456789");

	if (n == 0 || n > PORT_DIGITS || text[n] != '\0')
		return 0;
	for (; *text != '\0'; text++)
		port = port * 10 + (unsigned)(*text - '0');
	return port <= PORT_MOST ? port : 0;
}

/* Takes an item apart: 0, or -1. */
static int
take_apart(const char *item, char host[WIRE_HOST_MAX], unsigned *port)
{
	const char *colon = strrchr(item, ':'), *from = item;
	size_t length;

	if (colon == NULL || (*port = read_port(colon + 1)) == 0)
		return -1;
	length = (size_t)(colon - item);
	if (item[0] == '[') {
		if (length < 3 || colon[-1] != ']')
			return -1;
		from++;
		length -= 2;
	}
	if (length == 0 || length >= WIRE_HOST_MAX)
		return -1;
	memcpy(host, from, length);
	host[length] = '\0';
	for (const char *c = host; *c != '\0'; c++)
		if (!isalnum((unsigned char)*c) &&
		    strchr(item[0] == '[' ? ".:" : ".-_", *c) == NULL)
			return -1;
	return 0;
}

int
backends_check(const char *value, char *why, size_t size)
{
	char host[WIRE_HOST_MAX];
	unsigned port;

	if (take_apart(value, host, &port) == 0)
		return 0;
	snprintf(why, size, "'%s' is no host:port", value);
	return -1;
}

int
backends_allow(const struct conf_list *servers, const char *host, unsigned port)
{
	char allowed[WIRE_HOST_MAX];
	unsigned its_port;

	for (size_t i = 0; i < servers->count; i++)
		if (take_apart(servers->items[i], allowed, &its_port) == 0 &&
		    its_port == port && strcasecmp(allowed, host) == 0)
			return 1;
	return 0;
}
