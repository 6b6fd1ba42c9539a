/*
 * The keys helper: the private keys of TLS, and the one process that has them.
 * It signs, never decrypts, and gives no key out.  docs/helpers.md has the
 * requests, docs/decisions the reasons.
 */
#include "clock.h"
#include "helper.h"
#include "keys_file.h"
#include "keys_tls.h"
#include "log.h"
#include "packet.h"
#include "privileges.h"
#include "server.h"
#include "service_notify.h"
#include "settings.h"
#include "super.h"
#include "wire.h"
#include "worker.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <sys/mman.h>
#include <sys/resource.h>

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
/* Octets of the arena of private keys, and of its smallest piece: a thousand
 * keys of RSA fit, and so does it into the usual limit. */
#define ARENA	    ((size_t)4 << 20)
#define ARENA_LEAST 32

static const struct helper *helper;
static struct key *keys;
static size_t count;
static int failed;

static void
reply_signature(struct request **q, const unsigned char *data, size_t length)
{
	struct packet fields;

	packet_init(&fields, 0);
	packet_put_data(&fields, data, length);
	request_reply(q, PACKET_OK, &fields);
	packet_free(&fields);
}

static int
answer_sign(struct request *q)
{
	unsigned char signature[KEYS_SIGNATURE_MAX];
	size_t name_length, length, n = 0;
	const unsigned char *name, *data;
	EVP_PKEY *key;
	uint32_t scheme;

	name = packet_get_data(&q->packet, KEYS_NAME, &name_length);
	scheme = packet_get_u32(&q->packet);
	data = packet_get_data(&q->packet, KEYS_SIGNED_MAX, &length);
	if (packet_end(&q->packet) == -1 || name_length != KEYS_NAME ||
	    !keys_tls_is_signable(data, length))
		return -1;
	if ((key = keys_file_find(keys, count, name)) != NULL)
		n = keys_tls_sign(key, scheme, data, length, signature);
	if (n > 0)
		reply_signature(&q, signature, n);
	else
		request_reply(&q, PACKET_REFUSED, NULL);
	return 0;
}

static int
answer_keys(struct request *q)
{
	struct packet fields;

	if (packet_end(&q->packet) == -1)
		return -1;
	packet_init(&fields, 0);
	packet_put_u32(&fields, (uint32_t)count);
	request_reply(&q, PACKET_OK, &fields);
	packet_free(&fields);
	return 0;
}

static const struct server_row rows[] = {
    {WIRE_SIGN, ROLE_SMTPD | ROLE_POP3D, 0, answer_sign, "sign"},
    {WIRE_KEYS, ROLE_SMTPD | ROLE_POP3D, 0, answer_keys, "keys"},
    {.answer = NULL},
};
static struct server server = {.rows = rows, .peers_max = PEERS_MAX};

static void
serve(void *arg)
{
	(void)arg;
	if (server_listen(&server, helper->smtpd, ROLE_SMTPD) == -1 ||
	    server_listen(&server, helper->pop3d, ROLE_POP3D) == -1) {
		log_error("keys.serve", log_errno(errno));
		failed = 1;
		worker_stop();
		return;
	}
	service_notify_live_as(helper->beat);
	log_info("keys.ready", log_int("keys", (int64_t)count));
	helper_serve_until_told();
}

/*
 * Nothing of this process may be written to a swap device.  OpenSSL keeps the
 * private parts of keys, and what it computes with them, in an arena that is
 * locked and behind guard pages; and where the limit may be lifted, all else is
 * locked as it is touched.  (Stacks of fibers are mostly untouched.)
 */
static int
lock_before(int *is_all)
{
	const struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};

	*is_all = setrlimit(RLIMIT_MEMLOCK, &limit) == 0;
	if (*is_all && mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == -1) {
		log_error("keys.lock", log_errno(errno));
		return -1;
	}
	if (CRYPTO_secure_malloc_init(ARENA, ARENA_LEAST) == 1)
		return 0;
	log_error("keys.lock", log_text("what", "the arena"));
	return -1;
}

/* Where it may not, at least what is there once the keys have been read. */
static int
lock_after(int is_all)
{
	if (is_all || mlockall(MCL_CURRENT | MCL_ONFAULT) == 0)
		return 0;
	log_error("keys.lock", log_errno(errno));
	return -1;
}

static int
set_up(const struct helpers_conf *conf, const struct privileges_place *place)
{
	int is_all;

	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	if (lock_before(&is_all) == -1)
		return -1;
	keys = keys_file_read(conf->keys_folder, &count);
	if (keys == NULL || lock_after(is_all) == -1)
		return -1;
	return privileges_drop(&privileges, place);
}

int
keys_run(const struct helper *h)
{
	const struct privileges_place place = helper_place(h);
	int keep[] = {h->smtpd, h->pop3d};

	helper = h;
	if (privileges_close_others(keep, sizeof(keep) / sizeof(keep[0])) == -1)
		return 1;
	failed = set_up(h->conf, &place) == -1;
	super_end_with_parent();
	if (!failed && worker_run(1, serve, NULL) == -1) {
		log_error("keys.worker", log_errno(errno));
		failed = 1;
	}
	keys_file_free(&keys, count);
	return failed;
}
