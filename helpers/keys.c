/*
 * The keys helper: the private keys of TLS, and the one process that has them.
 * It signs, never decrypts, and gives no key out.  docs/helpers.md has the
 * requests, docs/decisions the reasons.
 */
#include "clock.h"
#include "fiber.h"
#include "helper.h"
#include "hex.h"
#include "keyring.h"
#include "keys_memory.h"
#include "keys_name.h"
#include "keys_tls.h"
#include "log.h"
#include "packet.h"
#include "privileges.h"
#include "ring.h"
#include "server.h"
#include "service_notify.h"
#include "settings.h"
#include "super.h"
#include "wire.h"
#include "worker.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <unistd.h>

static const char *const calls[] = {"@base", "@loop", "@socket", NULL};

static const struct privileges privileges = {
    .process = "keys",
    .root = "$run/empty",
    .capabilities = 0,
    .files = 4096,
    .file_size = 0,
    .processes = 0,
    .paths = {{NULL, 0}},
    .calls = calls,
};

/* Connections at most; smtpd and pop3d have one for each worker. */
#define PEERS_MAX 1024
/* A while after its file has gone, a key that still signs is worth a line, but
 * not each time. */
#define SHOWN_YET  (300 * CLOCK_SECOND)
#define LINE_EVERY (600 * CLOCK_SECOND)

static const struct helper *helper;
static struct keyring keys;
static struct ring expiry; /* a key is old now: when does it go? */
static int failed;

static void
reply_data(struct request **q, const unsigned char *data, size_t length)
{
	struct packet fields;

	packet_init(&fields, 0);
	packet_put_data(&fields, data, length);
	request_reply(q, PACKET_OK, &fields);
	packet_free(&fields);
}

/* Who shows its certificate was not reloaded, or has nothing newer. */
static void
note_use(struct keyring_key *k)
{
	char text[2 * KEYS_NAME + 1] = "";
	int64_t now = clock_now();

	if (k->gone == CLOCK_NEVER || now - k->gone < SHOWN_YET ||
	    now < k->next_line)
		return;
	k->next_line = now + LINE_EVERY;
	hex_put(text, k->key.name, KEYS_NAME);
	log_warn("keys.old_signs", log_text("key", text),
	    log_int("left_s", (k->until - now) / CLOCK_SECOND));
}

static int
answer_sign(struct request *q)
{
	unsigned char signature[KEYS_SIGNATURE_MAX];
	size_t name_length, length, n = 0;
	const unsigned char *name, *data;
	struct keyring_key *k;
	uint32_t scheme;

	name = packet_get_data(&q->packet, KEYS_NAME, &name_length);
	scheme = packet_get_u32(&q->packet);
	data = packet_get_data(&q->packet, KEYS_SIGNED_MAX, &length);
	if (packet_end(&q->packet) == -1 || name_length != KEYS_NAME ||
	    !keys_tls_is_signable(data, length))
		return -1;
	if ((k = keyring_find(&keys, name)) != NULL)
		n = keys_tls_sign(k->key.key, scheme, data, length, signature);
	if (n > 0) {
		note_use(k);
		reply_data(&q, signature, n);
	} else
		request_reply(&q, PACKET_REFUSED, NULL);
	return 0;
}

/* One octet for each name. */
static int
answer_have(struct request *q)
{
	unsigned char has[WIRE_KEYS_ASKED];
	const unsigned char *names;
	size_t length, n;

	names = packet_get_data(
	    &q->packet, (size_t)WIRE_KEYS_ASKED * KEYS_NAME, &length);
	if (packet_end(&q->packet) == -1 || length % KEYS_NAME != 0)
		return -1;
	n = length / KEYS_NAME;
	for (size_t i = 0; i < n; i++)
		has[i] = keyring_find(&keys, names + i * KEYS_NAME) != NULL;
	reply_data(&q, has, n);
	return 0;
}

static int
answer_keys(struct request *q)
{
	struct packet fields;

	if (packet_end(&q->packet) == -1)
		return -1;
	packet_init(&fields, 0);
	packet_put_u32(&fields, (uint32_t)keys.count);
	request_reply(&q, PACKET_OK, &fields);
	packet_free(&fields);
	return 0;
}

/* -- a reload, as the parent tells of it */

static int
answer_begin(struct request *q)
{
	if (packet_end(&q->packet) == -1)
		return -1;
	keyring_begin(&keys);
	request_drop(&q);
	return 0;
}

static int
answer_file(struct request *q)
{
	char name[KEYS_NAME_MAX];
	int fd;

	packet_get_text(&q->packet, name, sizeof(name));
	if (packet_end(&q->packet) == -1 ||
	    (fd = packet_take_fd(&q->packet)) == -1)
		return -1;
	keyring_take(&keys, name, fd);
	close(fd);
	request_drop(&q);
	return 0;
}

static int
answer_end(struct request *q)
{
	uint64_t keep = packet_get_u64(&q->packet);

	if (packet_end(&q->packet) == -1 || keep > INT64_MAX)
		return -1;
	keyring_end(&keys, (int64_t)keep);
	keyring_expire(&keys);
	ring_notify(&expiry);
	log_info("keys.reloaded", log_int("keys", (int64_t)keys.count),
	    log_int("old", (int64_t)keyring_old(&keys)));
	request_drop(&q);
	return 0;
}

static void
expire_main(void *arg)
{
	(void)arg;
	while (ring_wait(&expiry, keyring_expire(&keys)) == 0 ||
	       errno == ETIMEDOUT)
		;
}

static const struct server_row rows[] = {
    {WIRE_SIGN, ROLE_SMTPD | ROLE_POP3D, 0, answer_sign, "sign"},
    {WIRE_KEYS, ROLE_SMTPD | ROLE_POP3D, 0, answer_keys, "keys"},
    {WIRE_KEYS_HAVE, ROLE_SMTPD | ROLE_POP3D, 0, answer_have, "have"},
    {WIRE_KEYS_BEGIN, ROLE_PARENT, 0, answer_begin, "begin"},
    {WIRE_KEYS_FILE, ROLE_PARENT, SERVER_FD, answer_file, "file"},
    {WIRE_KEYS_END, ROLE_PARENT, 0, answer_end, "end"},
    {.answer = NULL},
};
static struct server server = {.rows = rows, .peers_max = PEERS_MAX};

static void
serve(void *arg)
{
	(void)arg;
	ring_init(&expiry);
	if (fiber_spawn("expiry", expire_main, NULL) == -1 ||
	    server_attach(&server, helper->link_parent, ROLE_PARENT) == -1 ||
	    server_listen(&server, helper->smtpd, ROLE_SMTPD) == -1 ||
	    server_listen(&server, helper->pop3d, ROLE_POP3D) == -1) {
		log_error("keys.serve", log_errno(errno));
		failed = 1;
		worker_stop();
		return;
	}
	log_info("keys.ready", log_int("keys", (int64_t)keys.count));
	service_notify_live_as(helper->beat);
	helper_serve_until_told();
}

static int
set_up(const struct helpers_conf *conf, const struct privileges_place *place)
{
	int is_all;

	if (keys_memory_begin(&is_all) == -1)
		return -1;
	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	if (keyring_open(&keys) == -1 ||
	    keys_file_each(conf->keys_folder, keyring_take, &keys) == -1 ||
	    keys_memory_lock(is_all) == -1)
		return -1;
	return privileges_drop(&privileges, place);
}

int
keys_run(const struct helper *h)
{
	const struct privileges_place place = helper_place(h);
	int keep[] = {h->smtpd, h->pop3d, h->link_parent};

	helper = h;
	if (privileges_close_others(keep, sizeof(keep) / sizeof(keep[0])) == -1)
		return 1;
	failed = set_up(h->conf, &place) == -1;
	super_end_with_parent();
	if (!failed && worker_run(1, serve, NULL) == -1) {
		log_error("keys.worker", log_errno(errno));
		failed = 1;
	}
	keyring_close(&keys);
	return failed;
}
