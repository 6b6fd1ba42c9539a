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
	tally_give(networks, network,
	    tally_network(s->place, s->place_length, network));
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
	if (tally_take(networks, network,
		tally_network(s->place, length, network),
		(unsigned)s->conf->network_sessions) == -1) {
		tally_give(addresses, s->place, length);
		return -1;
	}
	s->place_length = length;
	return 0;
}

/* One more of the address and of who has logged in; 0 is no limit. */
static int
take(const struct smtp *s, struct rate *r, int64_t limit, int64_t user_limit)
{
	unsigned char place[TALLY_ADDRESS];
	int64_t now = clock_now();

	if (r == NULL)
		return 0;
	if (s->login != NULL && user_limit > 0 &&
	    rate_take(
		r, s->login, strlen(s->login), (unsigned)user_limit, now) == -1)
		return -1;
	if (limit == 0 || is_free(s))
		return 0;
	/* No login begins as a place does: they can't be taken for each
	 * other. */
	return rate_take(
	    r, place, tally_address(&s->peer, place), (unsigned)limit, now);
}

int
limits_message(const struct smtp *s)
{
	pthread_once(&once, open_all);
	return take(s, messages, s->conf->messages_minute,
	    s->conf->user_messages_minute);
}

int
limits_recipient(const struct smtp *s)
{
	pthread_once(&once, open_all);
	return take(s, recipients, s->conf->recipients_minute,
	    s->conf->user_recipients_minute);
}
