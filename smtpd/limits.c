#include "limits.h"

#include "clock.h"
#include "rate.h"
#include "service.h"
#include "session.h"
#include "settings.h"

#include <pthread.h>
#include <string.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct tally *addresses, *networks;
static struct rate *messages, *recipients;

static void
open_all(void)
{
	addresses = tally_open();
	networks = tally_open();
	messages = rate_open();
	recipients = rate_open();
}

/* The network of an address: 24 bits of IPv4, 48 of IPv6. */
static size_t
network_of(const unsigned char *address, size_t length, unsigned char *to)
{
	size_t kept = length == TALLY_ADDRESS ? 7 : 4;

	if (kept > length)
		kept = length;
	memcpy(to, address, kept);
	return kept;
}

static int
is_free(const struct smtp *s)
{
	pthread_once(&once, open_all);
	return listen_is_loopback(&s->peer);
}

void
limits_leave(struct smtp *s)
{
	unsigned char network[TALLY_ADDRESS];

	if (s->place_length == 0)
		return;
	tally_give(addresses, s->place, s->place_length);
	tally_give(
	    networks, network, network_of(s->place, s->place_length, network));
	s->place_length = 0;
}

int
limits_enter(struct smtp *s)
{
	unsigned char network[TALLY_ADDRESS];
	size_t length;

	limits_leave(s);
	service_is_for(s->client, &s->peer);
	if (is_free(s) || addresses == NULL || networks == NULL)
		return 0;
	length = tally_address(&s->peer, s->place);
	if (tally_take(addresses, s->place, length,
		(unsigned)s->conf->address_sessions) == -1)
		return -1;
	if (tally_take(networks, network, network_of(s->place, length, network),
		(unsigned)s->conf->network_sessions) == -1) {
		tally_give(addresses, s->place, length);
		return -1;
	}
	s->place_length = length;
	return 0;
}

static int
take(const struct smtp *s, struct rate *r, int64_t limit)
{
	unsigned char place[TALLY_ADDRESS];
	const void *key = place;
	size_t length;

	if (limit == 0 || r == NULL)
		return 0;
	if (s->login != NULL) {
		key = s->login;
		length = strlen(s->login);
	} else if (is_free(s)) {
		return 0;
	} else {
		length = tally_address(&s->peer, place);
	}
	return rate_take(r, key, length, (unsigned)limit, clock_now());
}

int
limits_message(const struct smtp *s)
{
	pthread_once(&once, open_all);
	return take(s, messages, s->conf->messages_minute);
}

int
limits_recipient(const struct smtp *s)
{
	pthread_once(&once, open_all);
	return take(s, recipients, s->conf->recipients_minute);
}
