#include "proxy.h"

#include "conn.h"

#include <arpa/inet.h>
#include <string.h>

/* "PROXY UNKNOWN" with two IPv6 addresses and two ports, and CRLF. */
#define LINE_MAX_OCTETS 107

#define SIGNATURE	 "\r\n\r\n\0\r\nQUIT\n"
#define SIGNATURE_LENGTH 12
#define HEAD_LENGTH	 16

/* Version 2: commands, kinds of addresses, and the values that we look at. */
enum { COMMAND_LOCAL, COMMAND_PROXY };
enum { KIND_TCP4 = 0x11, KIND_TCP6 = 0x21 };
enum { VALUE_CRC32C = 0x03, VALUE_SSL = 0x20 };
#define CLIENT_SSL 0x01

/* One word of a line, cut off at a single space; NULL where there is none. */
static char *
next_word(char **at)
{
	char *word = *at, *space;

	if (word == NULL || *word == '\0' || *word == ' ')
		return NULL;
	space = strchr(word, ' ');
	if (space != NULL)
		*space++ = '\0';
	*at = space;
	return word;
}

/* Digits alone, no zero before them, 65535 at most: -1 where it is none. */
static int
read_port(const char *word)
{
	int port = 0;

	if (word == NULL || (word[0] == '0' && word[1] != '\0'))
		return -1;
	for (size_t i = 0; word[i] != '\0'; i++) {
		if (word[i] < '0' || word[i] > '9' || i == 5)
			return -1;
		port = port * 10 + (word[i] - '0');
	}
	return port <= 65535 ? port : -1;
}

static int
set_text(union listen_address *a, int family, const char *host, int port)
{
	if (host == NULL || port == -1)
		return -1;
	if (family == AF_INET) {
		a->in.sin_family = AF_INET;
		a->in.sin_port = htons((uint16_t)port);
		return inet_pton(AF_INET, host, &a->in.sin_addr) == 1 ? 0 : -1;
	}
	a->in6.sin6_family = AF_INET6;
	a->in6.sin6_port = htons((uint16_t)port);
	return inet_pton(AF_INET6, host, &a->in6.sin6_addr) == 1 ? 0 : -1;
}

/* What follows "PROXY ": 0 or -1. */
static int
parse_words(char *at, struct proxy *p)
{
	const char *kind = next_word(&at), *from, *to;
	int family, from_port, to_port;

	if (kind == NULL)
		return -1;
	/* Whatever stands behind it says nothing. */
	if (strcmp(kind, "UNKNOWN") == 0)
		return 0;
	if (strcmp(kind, "TCP4") == 0)
		family = AF_INET;
	else if (strcmp(kind, "TCP6") == 0)
		family = AF_INET6;
	else
		return -1;
	from = next_word(&at);
	to = next_word(&at);
	from_port = read_port(next_word(&at));
	to_port = read_port(next_word(&at));
	if (at != NULL || set_text(&p->from, family, from, from_port) == -1 ||
	    set_text(&p->to, family, to, to_port) == -1)
		return -1;
	p->has_addresses = 1;
	return 0;
}

static enum proxy_result
parse_line(const char *data, size_t length, struct proxy *p)
{
	static const char start[] = "PROXY ";
	char line[LINE_MAX_OCTETS + 1];
	size_t seen = length < LINE_MAX_OCTETS ? length : LINE_MAX_OCTETS;
	size_t known = seen < sizeof(start) - 1 ? seen : sizeof(start) - 1;
	const char *lf;
	size_t n;

	if (memcmp(data, start, known) != 0)
		return PROXY_BAD;
	if ((lf = memchr(data, '\n', seen)) == NULL)
		return seen == LINE_MAX_OCTETS ? PROXY_BAD : PROXY_MORE;
	n = (size_t)(lf - data);
	if (n < sizeof(start) || lf[-1] != '\r' ||
	    memchr(data, '\0', n) != NULL)
		return PROXY_BAD;
	memcpy(line, data, n - 1);
	line[n - 1] = '\0';
	if (parse_words(line + sizeof(start) - 1, p) == -1)
		return PROXY_BAD;
	p->length = n + 1;
	return PROXY_OK;
}

static void
set_octets(union listen_address *a, int family, const unsigned char *host,
    const unsigned char *port)
{
	if (family == AF_INET) {
		a->in.sin_family = AF_INET;
		memcpy(&a->in.sin_addr, host, 4);
		memcpy(&a->in.sin_port, port, 2);
	} else {
		a->in6.sin6_family = AF_INET6;
		memcpy(&a->in6.sin6_addr, host, 16);
		memcpy(&a->in6.sin6_port, port, 2);
	}
}

/* The polynomial of iSCSI: RFC 3385. */
static uint32_t
crc32c(uint32_t crc, const unsigned char *data, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		crc ^= data[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
	}
	return crc;
}

/* The sum of a whole head, in which the sum itself counts as zeroes. */
static int
is_sum_right(const unsigned char *head, size_t length, const unsigned char *sum)
{
	static const unsigned char zeroes[4];
	size_t at = (size_t)(sum - head);
	uint32_t crc = 0xffffffff;

	crc = crc32c(crc, head, at);
	crc = crc32c(crc, zeroes, sizeof(zeroes));
	crc = ~crc32c(crc, sum + 4, length - at - 4);
	return crc == ((uint32_t)sum[0] << 24 | (uint32_t)sum[1] << 16 |
			  (uint32_t)sum[2] << 8 | sum[3]);
}

/* The values behind the addresses, from at to the end of the head: 0 or -1. */
static int
parse_values(
    const unsigned char *head, size_t length, size_t at, struct proxy *p)
{
	while (at < length) {
		size_t n;

		if (length - at < 3)
			return -1;
		n = (size_t)head[at + 1] << 8 | head[at + 2];
		if (length - at - 3 < n)
			return -1;
		if (head[at] == VALUE_CRC32C &&
		    (n != 4 || !is_sum_right(head, length, head + at + 3)))
			return -1;
		if (head[at] == VALUE_SSL) {
			if (n < 5)
				return -1;
			p->is_tls = head[at + 3] & CLIENT_SSL;
		}
		at += 3 + n;
	}
	return 0;
}

/* A head that is there as a whole: 0 or -1. */
static int
parse_head(const unsigned char *head, size_t length, struct proxy *p)
{
	int family = head[13] == KIND_TCP4 ? AF_INET : AF_INET6;
	size_t host = family == AF_INET ? 4 : 16, both = 2 * host + 4;
	const unsigned char *at = head + HEAD_LENGTH;

	if (head[12] == (0x20 | COMMAND_LOCAL))
		return 0;
	if (head[12] != (0x20 | COMMAND_PROXY))
		return -1;
	/* Datagrams, and sockets without addresses. */
	if (head[13] != KIND_TCP4 && head[13] != KIND_TCP6)
		return 0;
	if (length - HEAD_LENGTH < both ||
	    parse_values(head, length, HEAD_LENGTH + both, p) == -1)
		return -1;
	set_octets(&p->from, family, at, at + 2 * host);
	set_octets(&p->to, family, at + host, at + 2 * host + 2);
	p->has_addresses = 1;
	return 0;
}

enum proxy_result
proxy_parse(const void *data, size_t length, struct proxy *p)
{
	const unsigned char *head = data;
	enum proxy_result result = PROXY_OK;
	size_t whole, known;

	memset(p, 0, sizeof(*p));
	if (length == 0)
		return PROXY_MORE;
	if (head[0] == 'P') {
		result = parse_line(data, length, p);
	} else {
		known = length < SIGNATURE_LENGTH ? length : SIGNATURE_LENGTH;
		if (memcmp(head, SIGNATURE, known) != 0)
			return PROXY_BAD;
		if (length < HEAD_LENGTH)
			return PROXY_MORE;
		whole = HEAD_LENGTH + ((size_t)head[14] << 8 | head[15]);
		if (whole > PROXY_MAX)
			return PROXY_BAD;
		if (length < whole)
			return PROXY_MORE;
		if (parse_head(head, whole, p) == -1)
			result = PROXY_BAD;
		p->length = whole;
	}
	if (result != PROXY_OK)
		memset(p, 0, sizeof(*p));
	return result;
}

int
proxy_receive(struct conn *c, struct proxy *p, int64_t deadline)
{
	char head[PROXY_MAX], *data;
	enum proxy_result result = PROXY_MORE;
	size_t have = 0, n;

	while (result == PROXY_MORE && have < sizeof(head)) {
		if ((n = conn_read_some(c, &data, deadline)) == 0)
			return -1;
		if (n > sizeof(head) - have)
			n = sizeof(head) - have;
		memcpy(head + have, data, n);
		result = proxy_parse(head, have + n, p);
		conn_consume(c, result == PROXY_OK ? p->length - have : n);
		have += n;
	}
	return result == PROXY_OK ? 0 : -1;
}
