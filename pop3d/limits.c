#include "limits.h"

#include "tally.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct tally *addresses, *users, *backends;

/* Logins at a backend, of one user, that are under way at a time. */
#define BACKEND_LOGINS 16

static void
open_tallies(void)
{
	addresses = tally_open();
	users = tally_open();
	backends = tally_open();
}

int
limits_enter_address(struct pop3 *p)
{
	struct service_client *client = p->client;
	size_t length;

	service_is_for(client, &client->peer);
	pthread_once(&once, open_tallies);
	if (p->place_length > 0)
		tally_give(addresses, p->place, p->place_length);
	p->place_length = 0;
	/* This machine's own programs serve many. */
	if (p->conf->address_sessions == 0 || addresses == NULL ||
	    listen_is_loopback(&client->peer))
		return 0;
	length = tally_address(&client->peer, p->place);
	if (tally_take(addresses, p->place, length,
		(unsigned)p->conf->address_sessions) == -1)
		return -1;
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
	if (p->place_length > 0)
		tally_give(addresses, p->place, p->place_length);
	p->place_length = 0;
}
