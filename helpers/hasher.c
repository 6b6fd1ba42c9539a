/*
 * The hasher: one of the processes that compute password hashes and check the
 * signatures of tokens for accounts.  It sees passwords, so it can do nothing
 * else: no file, no network, no process, and one socket, to accounts.
 */
#include "clock.h"
#include "hash.h"
#include "helper.h"
#include "log.h"
#include "packet.h"
#include "privileges.h"
#include "server.h"
#include "settings.h"
#include "token.h"
#include "worker.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <string.h>

static const char *const calls[] = {"@base", "@loop", "@socket", NULL};

static const struct privileges privileges = {
    .process = "hasher",
    .root = "$run/empty",
    .capabilities = 0,
    .files = 64,
    .file_size = 0,
    .processes = 0,
    .paths = {{NULL, 0}},
    .calls = calls,
};

static const struct helper *helper;
static struct token_keys *token_keys; /* NULL: the conf names none */

static void
reply_and_wipe(struct request **q, struct packet *fields)
{
	request_reply(q, PACKET_OK, fields);
	packet_free(fields);
}

static int
answer_verify(struct request *q)
{
	char password[WIRE_PASSWORD_MAX], stored[RECORD_HASH_MAX];
	struct packet fields;
	int malformed;

	packet_get_text(&q->packet, password, sizeof(password));
	packet_get_text(&q->packet, stored, sizeof(stored));
	malformed = packet_end(&q->packet) == -1;
	if (!malformed) {
		packet_init(&fields, WIRE_HASH_VERIFY);
		packet_put_u8(&fields, (uint8_t)hash_verify(password, stored));
		reply_and_wipe(&q, &fields);
	}
	explicit_bzero(password, sizeof(password));
	return malformed ? -1 : 0;
}

static void
put_scram(struct packet *p, const struct record_scram *s)
{
	packet_put_u32(p, s->iterations);
	packet_put_data(p, s->salt, sizeof(s->salt));
	packet_put_data(p, s->stored, s->length);
	packet_put_data(p, s->server, s->length);
}

static int
answer_make(struct request *q)
{
	char password[WIRE_PASSWORD_MAX];
	struct hash_want want;
	struct hash_made made;
	struct packet fields;
	int malformed;

	packet_get_text(&q->packet, password, sizeof(password));
	want.kind = packet_get_u8(&q->packet);
	want.cost = packet_get_u8(&q->packet);
	want.iterations = packet_get_u32(&q->packet);
	malformed = packet_end(&q->packet) == -1 || want.kind > HASH_ARGON2ID ||
		    want.cost < HASH_COST_MIN || want.cost > HASH_COST_MAX ||
		    want.iterations < HASH_ITERATIONS_MIN;
	if (!malformed && hash_make(&want, password, &made) != HASH_FITS) {
		request_reply(&q, PACKET_TEMPORARY, NULL);
	} else if (!malformed) {
		packet_init(&fields, WIRE_HASH_MAKE);
		packet_put_text(&fields, made.hash);
		put_scram(&fields, &made.sha1);
		put_scram(&fields, &made.sha256);
		reply_and_wipe(&q, &fields);
		explicit_bzero(&made, sizeof(made));
	}
	explicit_bzero(password, sizeof(password));
	return malformed ? -1 : 0;
}

static int
answer_token(struct request *q)
{
	const struct helpers_conf *conf = helper->conf;
	const struct token_rules rules = {conf->token_issuer,
	    conf->token_audience, conf->token_scope, conf->token_name};
	enum token_result result = TOKEN_BAD;
	char name[WIRE_NAME_MAX] = "";
	struct packet fields;
	const char *token;
	size_t length;

	token = packet_get_data(&q->packet, WIRE_SASL_MAX, &length);
	if (packet_end(&q->packet) == -1)
		return -1;
	if (token_keys != NULL)
		result = token_verify(token_keys, &rules, token, length,
		    clock_wall() / CLOCK_SECOND, name);
	packet_init(&fields, WIRE_HASH_TOKEN);
	packet_put_u8(&fields, (uint8_t)result);
	packet_put_text(&fields, result == TOKEN_GOOD ? name : "");
	reply_and_wipe(&q, &fields);
	return 0;
}

static const struct server_row rows[] = {
    {WIRE_HASH_TOKEN, ROLE_ACCOUNTS, 0, answer_token, "hash_token"},
    {WIRE_HASH_VERIFY, ROLE_ACCOUNTS, 0, answer_verify, "hash_verify"},
    {WIRE_HASH_MAKE, ROLE_ACCOUNTS, 0, answer_make, "hash_make"},
    {.answer = NULL},
};
static struct server server = {.rows = rows, .peers_max = 1};

static void
serve(void *arg)
{
	int *failed = arg;

	if (server_attach(&server, helper->link_hash[0], ROLE_ACCOUNTS) == -1) {
		log_error("hasher.serve", log_errno(errno));
		*failed = 1;
		worker_stop();
		return;
	}
	log_debug("hasher.ready");
	helper_serve_until_told();
}

int
hasher_run(const struct helper *h)
{
	int keep[] = {h->link_hash[0]}, failed = 0;

	helper = h;
	/* Its conf files are none of our business, and out of reach. */
	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	/* Without its key set it serves passwords on, and takes no token. */
	if (h->conf->token_keys[0] != '\0')
		token_keys = token_load(h->conf->token_keys);
	if (helper_drop(h, &privileges, keep, 1) == -1)
		return 1;
	if (worker_run(1, serve, &failed) == -1)
		failed = 1;
	token_free(&token_keys);
	return failed;
}
