/*
 * smtpd_fakes -- the helpers' stubs for a test of whole sessions: jack and jill
 * of example.org, an alias of both, one of a hundred, and names that fail.
 */
#ifndef SMTPD_FAKES_H
#define SMTPD_FAKES_H

#include "accounts.h"
#include "clock.h"
#include "fiber.h"
#include "keys.h"
#include "mailbox.h"
#include "sasl_relay.h"
#include "resolver.h"
#include "ring.h"
#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define FAKE_BODY_MAX 200000

/* What the fakes do, and what was asked of them. */
static struct {
	enum mailbox_result spool, deliver, room;
	unsigned rooms;	       /* mailboxes whose room was asked for */
	int stops_at_delivery; /* the process is told to end just then */
	int is_spool_full;
	const char *host;
	int lookups, hosts, spools, deliveries;
	struct accounts_sender sender; /* who wrote to closed@ */
	char from[WIRE_ADDRESS_MAX];
	char names[MAILBOX_BOXES_MAX][WIRE_NAME_MAX]; /* of the last one */
	unsigned count;
	uint64_t trace, size, lines;
	char body[FAKE_BODY_MAX];
	int was_spooled;
} fake;

int
keys_open(void)
{
	return 0;
}

void
keys_close(void)
{
}

int
keys_are_ready(int64_t deadline)
{
	(void)deadline;
	return 1;
}

static enum accounts_result
give(struct accounts_targets *t, unsigned count, const char *format)
{
	t->names = calloc(count, sizeof(*t->names));
	assert_non_null(t->names);
	t->count = count;
	for (unsigned i = 0; i < count; i++)
		snprintf(t->names[i], sizeof(t->names[i]), "%s%u@example.org",
		    format, i);
	return ACCOUNTS_OK;
}

enum mailbox_result
mailbox_room(struct mailbox *d, unsigned count,
    const char (*names)[WIRE_NAME_MAX], uint64_t size, int64_t deadline)
{
	(void)d;
	(void)deadline;
	fake.rooms += count;
	if (count <= WIRE_TARGETS_MAX)
		assert_int_equal(strncmp(names[0], "full", 4), 0);
	return size > 1000 ? MAILBOX_FULL : fake.room;
}

enum accounts_result
accounts_lookup(struct device *d, const char *address,
    const struct accounts_sender *sender, struct accounts_targets *t,
    int64_t deadline)
{
	enum accounts_result result;

	(void)d;
	(void)deadline;
	fake.lookups++;
	*t = (struct accounts_targets){0};
	if (strcmp(address, "postmaster") == 0)
		return give(t, 1, "post");
	if (strstr(address, "@example.org") == NULL)
		return ACCOUNTS_FOREIGN;
	if (strncmp(address, "hundred@", 8) == 0)
		return give(t, 100, "member");
	if (strncmp(address, "loop@", 5) == 0)
		return ACCOUNTS_LOOP;
	if (strncmp(address, "closed@", 7) == 0) {
		fake.sender = *sender;
		snprintf(fake.from, sizeof(fake.from), "%s", sender->address);
		return ACCOUNTS_DENIED;
	}
	if (strncmp(address, "down@", 5) == 0)
		return ACCOUNTS_TEMPORARY;
	if (strncmp(address, "both@", 5) == 0) {
		result = give(t, 2, "");
		snprintf(t->names[0], sizeof(t->names[0]), "jack@example.org");
		snprintf(t->names[1], sizeof(t->names[1]), "jill@example.org");
		return result;
	}
	if (strncmp(address, "jack@", 5) != 0 &&
	    strncmp(address, "jill@", 5) != 0 &&
	    strncmp(address, "full@", 5) != 0)
		return ACCOUNTS_NO_USER;
	result = give(t, 1, "");
	t->limited = address[0] == 'f';
	snprintf(t->names[0], sizeof(t->names[0]), "%s", address);
	return result;
}

void
accounts_targets_free(struct accounts_targets *t)
{
	free(t->names);
	*t = (struct accounts_targets){0};
}

enum mailbox_result
mailbox_spool(struct mailbox *d, const char *name, int *fd, int64_t deadline)
{
	(void)d;
	(void)deadline;
	assert_non_null(strchr(name, '@'));
	fake.spools++;
	if (fake.spool != MAILBOX_OK)
		return fake.spool;
	*fd = fake.is_spool_full ? open("/dev/full", O_RDWR | O_CLOEXEC)
				 : memfd_create("spool", MFD_CLOEXEC);
	assert_int_not_equal(*fd, -1);
	return MAILBOX_OK;
}

enum mailbox_result
mailbox_deliver(
    struct mailbox *d, const struct mailbox_delivery *m, int64_t deadline)
{
	int64_t later = clock_after(CLOCK_MILLISECOND);

	(void)d;
	(void)deadline;
	fake.deliveries++;
	fake.count = m->count;
	memcpy(fake.names, m->names, m->count * sizeof(*m->names));
	fake.trace = m->trace;
	fake.size = m->size;
	fake.lines = m->lines;
	fake.was_spooled = m->spool != -1;
	for (unsigned i = 0; m->results != NULL && i < m->count; i++)
		m->results[i] = m->each && m->names[i][0] == 'f' ? MAILBOX_FULL
								 : fake.deliver;
	assert_true(m->size < FAKE_BODY_MAX);
	assert_int_equal(fake.was_spooled, m->size > WIRE_INLINE_MAX);
	if (fake.was_spooled)
		assert_int_equal(
		    pread(m->spool, fake.body, FAKE_BODY_MAX, 0), m->size);
	else
		memcpy(fake.body, m->body, m->size);
	fake.body[m->size] = '\0';
	if (fake.stops_at_delivery) {
		worker_stop();
		/* Shielded: a wait goes on in spite of it. */
		while (ring_sleep(ring_self(), later) == -1)
			assert_int_equal(errno, EINTR);
	}
	return fake.deliver;
}

enum resolver_result
resolver_host_of(struct device *d, const struct sockaddr *address, char *host,
    size_t size, int64_t deadline)
{
	(void)d;
	(void)address;
	(void)deadline;
	fake.hosts++;
	snprintf(host, size, "%s", fake.host);
	return fake.host[0] != '\0' ? RESOLVER_FOUND : RESOLVER_NONE;
}

/* A device is nothing but a pointer to the fakes. */
struct device *
device_open(const char *name, const char *path, unsigned limit)
{
	(void)name;
	(void)path;
	(void)limit;
	return (struct device *)&fake;
}

void
device_close(struct device **d)
{
	*d = NULL;
}

struct mailbox *
mailbox_connect(const char *path, unsigned limit)
{
	(void)path;
	(void)limit;
	return (struct mailbox *)&fake;
}

void
mailbox_disconnect(struct mailbox **m)
{
	*m = NULL;
}

void
sasl_relay_channel(const struct conn *c, const char *client, const char *host,
    struct sasl_channel *to)
{
	(void)c;
	(void)client;
	(void)host;
	*to = (struct sasl_channel){.is_tls = 0};
}

/* The initial response "good" is a login of ann's. */
enum sasl_relay_result
sasl_relay_run(const struct sasl_relay *r, const char *mechanism,
    const char *initial, struct sasl_login *login)
{
	(void)r;
	(void)mechanism;
	memset(login, 0, sizeof(*login));
	if (initial == NULL || strcmp(initial, "good") != 0)
		return SASL_RELAY_DENIED;
	snprintf(login->name, sizeof(login->name), "ann@example.org");
	return SASL_RELAY_OK;
}

enum sasl_result
sasl_may_send_as(
    struct device *d, const char *name, const char *address, int64_t deadline)
{
	(void)d;
	(void)deadline;
	return strcmp(name, address) == 0 ? SASL_OK : SASL_DENIED;
}

#endif
