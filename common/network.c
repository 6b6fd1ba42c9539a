#include "network.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

/* Octets of an address. */
static unsigned
width(int family)
{
	return family == AF_INET ? 4 : 16;
}

/* Digits alone, at most `most`: -1 where it is none. */
static int
read_bits(const char *text, unsigned most)
{
	unsigned bits = 0;

	if (text[0] == '\0' || (text[0] == '0' && text[1] != '\0'))
		return -1;
	for (size_t i = 0; text[i] != '\0'; i++) {
		if (text[i] < '0' || text[i] > '9' || i == 3)
			return -1;
		bits = bits * 10 + (unsigned)(text[i] - '0');
	}
	return bits <= most ? (int)bits : -1;
}

/* Whether all bits from the prefix's end on are 0. */
static int
is_clean(const struct network *n)
{
	for (unsigned bit = n->bits; bit < 8 * width(n->family); bit++)
		if (n->host[bit / 8] >> (7 - bit % 8) & 1)
			return 0;
	return 1;
}

int
network_parse(const char *text, struct network *network, char *why, size_t size)
{
	size_t length = strcspn(text, "/");
	char host[LISTEN_TEXT_MAX];
	int bits = -1;

	memset(network, 0, sizeof(*network));
	if (length < sizeof(host)) {
		memcpy(host, text, length);
		host[length] = '\0';
		if (inet_pton(AF_INET, host, network->host) == 1)
			network->family = AF_INET;
		else if (inet_pton(AF_INET6, host, network->host) == 1)
			network->family = AF_INET6;
	}
	if (network->family == 0) {
		snprintf(why, size, "'%s' is neither an address nor a network",
		    text);
		return -1;
	}
	bits = 8 * (int)width(network->family);
	if (text[length] == '/')
		bits = read_bits(text + length + 1, (unsigned)bits);
	if (bits == -1) {
		snprintf(why, size, "'%s' has no prefix of 0 to %u bits", text,
		    8 * width(network->family));
		return -1;
	}
	network->bits = (unsigned)bits;
	if (is_clean(network))
		return 0;
	snprintf(why, size, "'%s' has bits behind its prefix", text);
	return -1;
}

int
network_check(const char *text, char *why, size_t size)
{
	struct network network;

	return network_parse(text, &network, why, size);
}

int
network_has(const struct network *network, const union listen_address *address)
{
	unsigned whole = network->bits / 8, rest = network->bits % 8;
	const unsigned char *host;
	int family = address->any.sa_family;

	if (family == AF_INET) {
		host = (const unsigned char *)&address->in.sin_addr;
	} else if (family == AF_INET6) {
		host = address->in6.sin6_addr.s6_addr;
		if (IN6_IS_ADDR_V4MAPPED(&address->in6.sin6_addr)) {
			family = AF_INET;
			host += 12;
		}
	} else {
		return 0;
	}
	if (family != network->family ||
	    memcmp(host, network->host, whole) != 0)
		return 0;
	return rest == 0 ||
	       (host[whole] ^ network->host[whole]) >> (8 - rest) == 0;
}

int
network_list_has(
    const struct conf_list *list, const union listen_address *address)
{
	struct network network;
	char why[1];

	for (size_t i = 0; i < list->count; i++)
		if (network_parse(list->items[i], &network, why, sizeof(why)) ==
			0 &&
		    network_has(&network, address))
			return 1;
	return 0;
}
