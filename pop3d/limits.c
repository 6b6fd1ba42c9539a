#include "limits.h"

#include "tally.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct tally *addresses, *networks, *users, *backends;

/* Logins at a backend, of one user, that are under way at a time. */
#define BACKEND_LOGINS 16

static void
open_tallies(void)
{
	addresses = tally_open();
	networks = tally_open();
	users = tally_open();
	backends = tally_open();
}

/* Gives back what limits_enter_address has taken. */
static void
leave_address(struct pop3 *p)
{
	unsigned char network[TALLY_ADDRESS];
	size_t length;

	if (p->place_length == 0)
		return;
	length = tally_network(p->place, p->place_length, network);
	tally_give(addresses, p->place, p->place_length);
	tally_give(networks, network, length);
	p->place_length = 0;
}

/* 0 is any number. */
static unsigned
limit_of(int64_t setting)
{
	return setting == 0 ? UINT32_MAX : (unsigned)setting;
}

int
limits_enter_address(struct pop3 *p)
{
	struct service_client *client = p->client;
	unsigned char network[TALLY_ADDRESS];
	size_t length;

	service_is_for(client, &client->peer);
	pthread_once(&once, open_tallies);
	leave_address(p);
	/* This machine's own programs serve many. */
	if (addresses == NULL || networks == NULL ||
	    listen_is_loopback(&client->peer))
		return 0;
	length = tally_address(&client->peer, p->place);
	if (tally_take(addresses, p->place, length,
		limit_of(p->conf->address_sessions)) == -1)
		return -1;
	if (tally_take(networks, network,
		tally_network(p->place, length, network),
		limit_of(p->conf->network_sessions)) == -1) {
		tally_give(addresses, p->place, length);
		return -1;
	}
	p->place_length = length;
	return 0;
}

int
limits_enter_user(struct pop3 *p, const char *name)
{
	pthread_once(&once, open_tallies);
	limits_leave_user(p);
	if (p->conf->user_sessions == 0 || users == NULL)
		return 0;
	if ((p->counted = strdup(name)) == NULL)
		return -1;
	if (tally_take(users, name, strlen(name),
		(unsigned)p->conf->user_sessions) == 0)
		return 0;
	free(p->counted);
	p->counted = NULL;
	return -1;
}

int
limits_enter_backend(const char *name)
{
	pthread_once(&once, open_tallies);
	return backends == NULL
		   ? -1
		   : tally_take(backends, name, strlen(name), BACKEND_LOGINS);
}

void
limits_leave_backend(const char *name)
{
	tally_give(backends, name, strlen(name));
}

void
limits_leave_user(struct pop3 *p)
{
	if (p->counted == NULL)
		return;
	tally_give(users, p->counted, strlen(p->counted));
	free(p->counted);
	p->counted = NULL;
}

void
limits_leave(struct pop3 *p)
{
	limits_leave_user(p);
	leave_address(p);
}
