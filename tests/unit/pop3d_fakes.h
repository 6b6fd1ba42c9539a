/*
 * pop3d_fakes -- the helpers' stubs for a test of whole sessions: a user, jack
 * with the password " open sesame", and a maildrop of up to four letters.
 */
#ifndef POP3D_FAKES_H
#define POP3D_FAKES_H

#include "../../pop3d/client.h"

#include "catalog.h"
#include "fiber.h"
#include "keys.h"
#include "mailbox.h"
#include "sasl_relay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* What the fakes do, and what was asked of them. */
static struct {
	enum sasl_relay_result verify;
	enum mailbox_result open, fetch, expunge;
	const char *letters[4];		    /* NULL ends them */
	uint64_t octets[4];		    /* announced; 0: the true ones */
	char mechanism[32], timestamp[320]; /* of AUTH and APOP */
	int fetches;			    /* requests */
	int cut;       /* octets that a fetched file lacks */
	int truncated; /* to half, once its first block was sent */
	char expunged[200];
	uint32_t damaged; /* the letter whose row is; 0: none */
	int told;	  /* of that */
	int opened, closed;
} fake;

struct device *
client_accounts(void)
{
	return NULL;
}

struct mailbox *
client_mailbox(void)
{
	return NULL;
}

struct device *
client_resolver(void)
{
	return NULL;
}

int
keys_are_ready(int64_t deadline)
{
	(void)deadline;
	return 1;
}

void
sasl_relay_channel(const struct conn *c, const char *client, const char *host,
    struct sasl_channel *to)
{
	(void)client;
	(void)host;
	*to = (struct sasl_channel){.is_tls = conn_is_tls(c)};
}

enum sasl_relay_result
sasl_relay_pass(const struct sasl_relay *r, const char *user,
    const char *password, struct sasl_login *login)
{
	(void)r;
	memset(login, 0, sizeof(*login));
	if (fake.verify != SASL_RELAY_OK)
		return fake.verify;
	if (strcmp(user, "jack") != 0 || strcmp(password, " open sesame") != 0)
		return SASL_RELAY_DENIED;
	snprintf(login->name, sizeof(login->name), "jack@example.org");
	memset(login->ticket, 7, sizeof(login->ticket));
	return SASL_RELAY_OK;
}

/* AUTH: what initial holds is the password. */
enum sasl_relay_result
sasl_relay_run(const struct sasl_relay *r, const char *mechanism,
    const char *initial, struct sasl_login *login)
{
	snprintf(fake.mechanism, sizeof(fake.mechanism), "%s", mechanism);
	return sasl_relay_pass(
	    r, "jack", initial != NULL ? initial : "", login);
}

/* APOP: the digest is the password, if the timestamp is that of the greeting.
 */
enum sasl_relay_result
sasl_relay_apop(const struct sasl_relay *r, const char *user,
    const char *timestamp, const char *digest, struct sasl_login *login)
{
	snprintf(fake.timestamp, sizeof(fake.timestamp), "%s", timestamp);
	return sasl_relay_pass(
	    r, user, strcmp(digest, "42") == 0 ? " open sesame" : "", login);
}

static uint64_t
true_octets(const char *text)
{
	uint64_t octets = 0;

	for (; *text != '\0'; text++)
		octets += *text == '\n' ? 2 : 1;
	return octets;
}

/* The letters as a catalog. */
static void
make_catalog(struct mailbox_session *s)
{
	struct mailbox_letter l = {.size = 0};
	char row[CATALOG_ROW_MIN];

	*s = (struct mailbox_session){.row = sizeof(row)};
	s->catalog = memfd_create("catalog", MFD_CLOEXEC);
	assert_int_not_equal(s->catalog, -1);
	for (; s->count < 4 && fake.letters[s->count] != NULL; s->count++) {
		const char *text = fake.letters[s->count];

		l.size = strlen(text);
		l.octets = fake.octets[s->count];
		if (l.octets == 0)
			l.octets = true_octets(text);
		s->octets += l.octets;
		snprintf(l.file, sizeof(l.file), "new/u%u", s->count);
		snprintf(l.uidl, sizeof(l.uidl), "u%u", s->count);
		assert_int_equal(
		    catalog_put(row, sizeof(row), s->count, &l), 0);
		row[sizeof(row) - 1] ^= (char)(fake.damaged == s->count + 1);
		assert_int_equal(catalog_store(s->catalog, row, sizeof(row),
				     catalog_offset(sizeof(row), s->count)),
		    0);
	}
}

enum mailbox_result
mailbox_open(struct mailbox *d, const unsigned char ticket[WIRE_TICKET_SIZE],
    struct mailbox_session *s, int64_t deadline)
{
	(void)d;
	(void)deadline;
	assert_int_equal(ticket[0], 7);
	if (fake.open == MAILBOX_OK) {
		make_catalog(s);
		fake.opened++;
	}
	return fake.open;
}

void
mailbox_damaged(struct mailbox_session *s, int64_t deadline)
{
	(void)s;
	(void)deadline;
	fake.told++;
}

/* Runs when the session first lets others run. */
static void
truncate_file(void *arg)
{
	int *fd = arg;

	assert_int_equal(ftruncate(*fd, 20000), 0);
	close(*fd);
}

void
mailbox_fetched_init(struct mailbox_fetched *f)
{
	*f = (struct mailbox_fetched){.fd = -1};
	packet_init(&f->packet, 0);
}

void
mailbox_fetched_free(struct mailbox_fetched *f)
{
	if (f->fd != -1)
		close(f->fd);
	packet_free(&f->packet);
	mailbox_fetched_init(f);
}

const char *
mailbox_fetched_next(struct mailbox_fetched *f, size_t *length)
{
	*length = 0;
	if (f->count == 0)
		return NULL;
	f->count--;
	return packet_get_data(&f->packet, MAILBOX_SMALL_MAX, length);
}

/* A letter as a descriptor. */
static int
fetch_large(const char *text, size_t length)
{
	int fd = memfd_create("letter", MFD_CLOEXEC);
	static int copy;

	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, text, length), length);
	if (fake.truncated) {
		copy = dup(fd);
		assert_int_equal(fiber_spawn("cut", truncate_file, &copy), 0);
	}
	return fd;
}

enum mailbox_result
mailbox_fetch(struct mailbox_session *s, const struct mailbox_wanted *wanted,
    uint32_t n, int small, struct mailbox_fetched *f, int64_t deadline)
{
	(void)s;
	(void)deadline;
	if (fake.fetch != MAILBOX_OK)
		return fake.fetch;
	mailbox_fetched_init(f);
	fake.fetches++;
	for (uint32_t i = 0; i < n; i++) {
		const char *text = fake.letters[atoi(wanted[i].file + 5)];
		size_t length = strlen(text) - (size_t)fake.cut;

		if (small && length <= MAILBOX_SMALL_MAX) {
			packet_put_data(&f->packet, text, length);
			f->count++;
			continue;
		}
		if (i == 0)
			f->fd = fetch_large(text, length);
		break;
	}
	assert_int_equal(f->packet.error, 0);
	return MAILBOX_OK;
}

enum mailbox_result
mailbox_expunge(struct mailbox_session *s, const char *const *files, uint32_t n,
    int64_t deadline)
{
	(void)s;
	(void)deadline;
	for (uint32_t i = 0; i < n; i++) {
		size_t length = strlen(fake.expunged);

		snprintf(fake.expunged + length, sizeof(fake.expunged) - length,
		    "%s ", files[i]);
	}
	return fake.expunge;
}

void
mailbox_close(struct mailbox_session *s)
{
	close(s->catalog);
	fake.closed++;
}

#endif
