#include "resolver.h"

#include "clock.h"
#include "device.h"
#include "log.h"
#include "wire.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_OCTETS 255
/* How many names of one address are confirmed: its owner writes the list. */
#define NAMES_TRIED 4

static uint64_t
milliseconds_left(int64_t deadline)
{
	int64_t left = deadline - clock_now();

	return left > 0 ? (uint64_t)(left / CLOCK_MILLISECOND) : 0;
}

static enum resolver_result
read_answer(struct packet *reply, struct resolver_answer *answer)
{
	enum resolver_result result = packet_get_u8(reply);
	struct resolver_record *record;
	uint32_t count;

	answer->secure = packet_get_u8(reply) != 0;
	answer->ttl = packet_get_u32(reply);
	count = packet_get_u32(reply);
	if (result > RESOLVER_TEMPORARY || count > RESOLVER_RECORDS ||
	    (result == RESOLVER_FOUND) != (count > 0))
		reply->error = EBADMSG;
	if (reply->error == 0 && count > 0) {
		answer->records = calloc(count, sizeof(*answer->records));
		if (answer->records == NULL)
			return RESOLVER_TEMPORARY;
		answer->count = count;
	}
	for (uint32_t i = 0; i < answer->count; i++) {
		record = &answer->records[i];
		record->preference = (uint16_t)packet_get_u32(reply);
		packet_get_text(reply, record->text, sizeof(record->text));
	}
	return packet_end(reply) == 0 ? result : RESOLVER_TEMPORARY;
}

enum resolver_result
resolver_lookup(struct device *d, const char *name, enum resolver_type type,
    struct resolver_answer *answer, int64_t deadline)
{
	struct packet request, reply;
	enum resolver_result result = RESOLVER_TEMPORARY;

	*answer = (struct resolver_answer){0};
	if (strlen(name) > NAME_MAX_OCTETS)
		return RESOLVER_NONE;
	packet_init(&request, WIRE_RESOLVE);
	packet_init(&reply, 0);
	packet_put_text(&request, name);
	packet_put_u32(&request, type);
	packet_put_u64(&request, milliseconds_left(deadline));
	if (device_call(d, &request, &reply, DEVICE_REPEAT, deadline) == -1)
		log_info("resolver.failed", log_text("name", name),
		    log_errno(errno));
	else if (reply.head.status == PACKET_OK)
		result = read_answer(&reply, answer);
	else if (reply.head.status != PACKET_TEMPORARY)
		reply.error = EBADMSG;
	if (reply.error != 0)
		device_malformed(d, reply.head.type);
	if (result != RESOLVER_FOUND)
		resolver_answer_free(answer);
	packet_free(&request);
	packet_free(&reply);
	return result;
}

void
resolver_answer_free(struct resolver_answer *answer)
{
	free(answer->records);
	*answer = (struct resolver_answer){0};
}

/* An address as both families are asked for. */
struct host {
	enum resolver_type type; /* RESOLVER_A or RESOLVER_AAAA */
	int family;
	size_t length;
	unsigned char octets[16];
	char reverse[80]; /* the name that has its PTR records */
};

/* RFC 1035 3.5, RFC 3596 2.5.  -1: neither IPv4 nor IPv6. */
static int
describe(const struct sockaddr *address, struct host *h)
{
	const struct sockaddr_in *in = (const void *)address;
	const struct sockaddr_in6 *in6 = (const void *)address;
	unsigned char *o = h->octets;
	size_t at = 0;

	if (address->sa_family == AF_INET) {
		memcpy(o, &in->sin_addr, 4);
		h->length = 4;
	} else if (address->sa_family == AF_INET6 &&
		   IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) {
		memcpy(o, &in6->sin6_addr.s6_addr[12], 4);
		h->length = 4;
	} else if (address->sa_family == AF_INET6) {
		memcpy(o, &in6->sin6_addr, 16);
		h->length = 16;
	} else {
		return -1;
	}
	h->family = h->length == 4 ? AF_INET : AF_INET6;
	h->type = h->length == 4 ? RESOLVER_A : RESOLVER_AAAA;
	if (h->length == 4) {
		snprintf(h->reverse, sizeof(h->reverse),
		    "%u.%u.%u.%u.in-addr.arpa", o[3], o[2], o[1], o[0]);
		return 0;
	}
	for (int i = 15; i >= 0; i--)
		at += (size_t)snprintf(h->reverse + at, sizeof(h->reverse) - at,
		    "%x.%x.", o[i] & 0xfU, o[i] >> 4U);
	snprintf(h->reverse + at, sizeof(h->reverse) - at, "ip6.arpa");
	return 0;
}

/*
 * Whether text can be a host's name.  RFC 1123 2.1, and the underscore that the
 * field uses: it goes into a Received line, where nothing else may get.
 */
static int
is_host_name(const char *text)
{
	if (*text == '\0' || *text == '.')
		return 0;
	for (; *text != '\0'; text++)
		if (!isalnum((unsigned char)*text) &&
		    strchr("-._", *text) == NULL)
			return 0;
	return 1;
}

/* Copies a name without its final dot; -1 where it is none or has no room. */
static int
copy_host_name(char *host, size_t size, const char *text)
{
	size_t length = strlen(text);

	if (length > 0 && text[length - 1] == '.')
		length--;
	if (length >= size)
		return -1;
	memcpy(host, text, length);
	host[length] = '\0';
	return is_host_name(host) ? 0 : -1;
}

/* FOUND if one of name's addresses is h. */
static enum resolver_result
confirm(
    struct device *d, const char *name, const struct host *h, int64_t deadline)
{
	struct resolver_answer answer;
	enum resolver_result result =
	    resolver_lookup(d, name, h->type, &answer, deadline);
	unsigned char octets[16];

	if (result != RESOLVER_FOUND)
		return result;
	result = RESOLVER_NONE;
	for (unsigned i = 0; i < answer.count; i++)
		if (inet_pton(h->family, answer.records[i].text, octets) == 1 &&
		    memcmp(octets, h->octets, h->length) == 0)
			result = RESOLVER_FOUND;
	resolver_answer_free(&answer);
	return result;
}

enum resolver_result
resolver_host_of(struct device *d, const struct sockaddr *address, char *host,
    size_t size, int64_t deadline)
{
	struct resolver_answer names;
	struct host h;
	enum resolver_result result, each;

	host[0] = '\0';
	if (describe(address, &h) == -1)
		return RESOLVER_NONE;
	result = resolver_lookup(d, h.reverse, RESOLVER_PTR, &names, deadline);
	if (result != RESOLVER_FOUND)
		return result;
	result = RESOLVER_NONE;
	for (unsigned i = 0; i < names.count && i < NAMES_TRIED; i++) {
		if (copy_host_name(host, size, names.records[i].text) == -1)
			continue;
		each = confirm(d, host, &h, deadline);
		if (each == RESOLVER_FOUND) {
			result = each;
			break;
		}
		if (each > result) /* a fault says more than a no */
			result = each;
	}
	if (result != RESOLVER_FOUND)
		host[0] = '\0';
	resolver_answer_free(&names);
	return result;
}
