#include "service_upgrade.h"

#include "clock.h"
#include "listen_given.h"
#include "log.h"
#include "service_listeners.h"
#include "super_exec.h"
#include "super_old.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ENV_SOCKETS "RINGMAIL_SOCKETS"
#define ENV_WORKERS "RINGMAIL_WORKERS"
#define ENV_ACCEPT  "RINGMAIL_ACCEPT"
#define ENV_OLD	    "RINGMAIL_OLD"

#define LOOK_EVERY (20 * CLOCK_MILLISECOND)
/* "1234," a name of 255 octets, and ":" */
#define SOCKET_TEXT 272

static int is_waiting; /* old processes are still to be told */
static pid_t client;   /* the last of them */

static void
clear_environment(void)
{
	unsetenv(ENV_SOCKETS);
	unsetenv(ENV_WORKERS);
	unsetenv(ENV_ACCEPT);
	unsetenv(ENV_OLD);
}

/* A number of the environment, which our own program has put there. */
static long
number(const char *variable)
{
	const char *text = getenv(variable);

	return text == NULL ? 0 : strtol(text, NULL, 10);
}

/* 0, or -1. */
static int
take_sockets(char *text)
{
	char *one, *name;

	while ((one = strsep(&text, ":")) != NULL) {
		if (one[0] == '\0')
			continue;
		name = strchr(one, ',');
		if (name != NULL)
			*name++ = '\0';
		if (listen_given_adopt((int)strtol(one, NULL, 10), name) == -1)
			return -1;
	}
	return 0;
}

static void
take_old(char *text)
{
	char *one;

	while ((one = strsep(&text, " ")) != NULL) {
		if (one[0] == '\0')
			continue;
		client = (pid_t)strtol(one, NULL, 10);
		if (super_old_add(client) == 0) {
			is_waiting = 1;
			continue;
		}
		client = 0;
		log_warn(
		    "upgrade.old", log_text("child", one), log_errno(errno));
	}
}

int
service_upgrade_take(
    unsigned *workers, int *is_balanced, char *why, size_t size)
{
	char *sockets = getenv(ENV_SOCKETS), *old = getenv(ENV_OLD);
	int result = 0;

	if (!super_exec_is_heir() || sockets == NULL)
		return 0;
	if (take_sockets(sockets) == -1) {
		snprintf(why, size, "a socket that was handed on is none");
		result = -1;
	} else {
		*workers = (unsigned)number(ENV_WORKERS);
		*is_balanced = number(ENV_ACCEPT) == 1;
		if (old != NULL)
			take_old(old);
		result = *workers > 0;
	}
	clear_environment();
	return result;
}

pid_t
service_upgrade_client(void)
{
	return client;
}

/* Keeps, or lets go, all sockets; their text to *to, where that is wanted. */
static void
put_sockets(
    const struct service_listeners *l, int is_kept, char *to, size_t size)
{
	const char *name;
	size_t at = 0;
	int fd;

	for (size_t i = 0; (fd = listen_given_next(&i, &name)) != -1;) {
		super_exec_keep(fd, is_kept);
		at += (size_t)snprintf(to + at, size - at, "%d,%s:", fd, name);
	}
	for (size_t i = 0; i < l->count; i++)
		for (unsigned k = 0; k < l->each && !l->items[i].is_passed;
		     k++) {
			super_exec_keep(l->items[i].fds[k], is_kept);
			at += (size_t)snprintf(
			    to + at, size - at, "%d:", l->items[i].fds[k]);
		}
}

static int
set_number(const char *variable, long value)
{
	char text[24];

	snprintf(text, sizeof(text), "%ld", value);
	return setenv(variable, text, 1);
}

static int
set_environment(const struct service_upgrade *u, const char *sockets)
{
	char old[SUPER_OLD_MAX * 12 + 16];
	size_t at;

	super_old_list(old, sizeof(old));
	at = strlen(old);
	if (u->client > 0)
		snprintf(old + at, sizeof(old) - at, "%d", (int)u->client);
	if (set_number(ENV_WORKERS, u->workers) == -1 ||
	    set_number(ENV_ACCEPT, u->is_balanced) == -1 ||
	    setenv(ENV_SOCKETS, sockets, 1) == -1)
		return -1;
	return setenv(ENV_OLD, old, 1);
}

/* Where there are too many already, the oldest sessions go.  -1: they have not
 * gone yet. */
static int
make_room(void)
{
	unsigned count = super_old_signal(0);

	if (count + 1 < SUPER_OLD_MAX)
		return 0;
	log_warn("upgrade.crowded", log_int("processes", SUPER_OLD_MAX));
	super_old_signal(SIGTERM);
	return count < SUPER_OLD_MAX ? 0 : -1;
}

/* How many sockets the next program would have to take over. */
static size_t
count_sockets(const struct service_listeners *l)
{
	size_t count = l->count * l->each;
	const char *name;

	for (size_t i = 0; listen_given_next(&i, &name) != -1;)
		count++;
	return count;
}

void
service_upgrade_run(const struct service_upgrade *u)
{
	const struct service_listeners *l = u->listeners;
	size_t size = (l->count * l->each + LISTEN_GIVEN_MAX) * SOCKET_TEXT;
	char *sockets;

	if (super_exec_try(u->conf) == -1)
		return;
	if (make_room() == -1 || count_sockets(l) > LISTEN_GIVEN_MAX) {
		log_error("upgrade.refused", log_errno(E2BIG));
		return;
	}
	if ((sockets = malloc(size)) == NULL) {
		log_error("upgrade.refused", log_errno(ENOMEM));
		return;
	}
	put_sockets(l, 1, sockets, size);
	if (set_environment(u, sockets) == 0)
		super_exec_run();
	else
		log_error("upgrade.refused", log_errno(errno));
	clear_environment();
	put_sockets(l, 0, sockets, size);
	free(sockets);
}

int64_t
service_upgrade_tick(int is_ready)
{
	if (!is_waiting)
		return CLOCK_NEVER;
	if (!is_ready)
		return clock_after(LOOK_EVERY);
	is_waiting = 0;
	log_info("upgrade.done",
	    log_int("old_processes", super_old_signal(SIGUSR2)));
	return CLOCK_NEVER;
}
