#include "password.h"

#include "clock.h"
#include "fiber.h"
#include "log.h"
#include "login_cache.h"
#include "packet.h"
#include "pool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OPEN_TIME (60 * CLOCK_SECOND)

struct password {
	struct pool *pool;
	struct hash_want want;
	struct login_cache *cache;
	struct hash_made dummy; /* of a password that nobody knows */
};

/* What came of a call; PASSWORD_GOOD: the reply's fields can be read. */
static enum password_result
outcome(int called, const struct packet *reply)
{
	if (called == -1) {
		if (errno == EAGAIN || errno == ETIMEDOUT || errno == ECANCELED)
			return PASSWORD_BUSY;
		log_error("password.pool", log_errno(errno));
		return PASSWORD_FAILED;
	}
	return reply->head.status == PACKET_OK ? PASSWORD_GOOD
					       : PASSWORD_FAILED;
}

/* Has a process answer, as outcome. */
static enum password_result
ask(struct password *p, const struct delay_who *who, struct packet *request,
    struct packet *reply, int64_t deadline)
{
	packet_init(reply, 0);
	return outcome(
	    pool_call(p->pool, who, request, reply, deadline), reply);
}

/* A hash that no password fits, to be compared where there is no user. */
static int
make_dummy(struct password *p)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char random[32];
	char password[sizeof(random) + 1];
	enum password_result result;
	size_t i;

	if (getentropy(random, sizeof(random)) == -1) {
		log_error("password.random", log_errno(errno));
		return -1;
	}
	for (i = 0; i < sizeof(random); i++)
		password[i] = digits[random[i] % 16];
	password[i] = '\0';
	result =
	    password_make(p, NULL, password, &p->dummy, clock_after(OPEN_TIME));
	explicit_bzero(random, sizeof(random));
	explicit_bzero(password, sizeof(password));
	if (result != PASSWORD_GOOD && !fiber_cancelled())
		log_error("password.open", log_int("result", result));
	return result == PASSWORD_GOOD ? 0 : -1;
}

struct password *
password_open(struct pool *pool, const struct hash_want *want, int64_t cache)
{
	struct password *p = calloc(1, sizeof(*p));

	if (p == NULL) {
		log_error("password.open", log_errno(ENOMEM));
		return NULL;
	}
	p->pool = pool;
	p->want = *want;
	if ((p->cache = login_cache_open(cache)) == NULL || make_dummy(p) == -1)
		password_close(&p);
	return p;
}

void
password_close(struct password **pp)
{
	struct password *p = *pp;

	if (p == NULL)
		return;
	*pp = NULL;
	login_cache_close(&p->cache);
	explicit_bzero(p, sizeof(*p));
	free(p);
}

/* A process's word on whether the password fits the hash. */
static enum password_result
compare(struct password *p, const struct delay_who *who, const char *hash,
    const char *password, int64_t deadline)
{
	enum password_result result;
	struct packet request, reply;
	uint8_t found;

	packet_init(&request, WIRE_HASH_VERIFY);
	packet_put_text(&request, password);
	packet_put_text(&request, hash);
	result = ask(p, who, &request, &reply, deadline);
	packet_free(&request);
	if (result == PASSWORD_GOOD) {
		found = packet_get_u8(&reply);
		if (packet_end(&reply) == -1 || found > HASH_DIFFERS)
			result = PASSWORD_FAILED;
		else if (found == HASH_DIFFERS)
			result = PASSWORD_WRONG;
	}
	packet_free(&reply);
	return result;
}

enum password_result
password_verify(struct password *p, const struct delay_who *who,
    const char *user, const char *hash, const char *password, int64_t deadline)
{
	int is_user = hash[0] != '\0';
	enum password_result result;

	if (is_user && !hash_is_known(hash)) {
		log_error("password.kind", log_text("user", user));
		return PASSWORD_FAILED;
	}
	if (login_cache_has(p->cache, user, hash, password) && is_user)
		return PASSWORD_GOOD;
	result =
	    compare(p, who, is_user ? hash : p->dummy.hash, password, deadline);
	if (result == PASSWORD_GOOD && !is_user)
		result = PASSWORD_WRONG;
	if (result == PASSWORD_GOOD)
		login_cache_add(p->cache, user, hash, password);
	return result;
}

static void
get_octets(struct packet *reply, unsigned char *to, size_t wanted)
{
	size_t length;
	const void *data = packet_get_data(reply, RECORD_KEY_MAX, &length);

	if (length == wanted)
		memcpy(to, data, length);
	else if (reply->error == 0)
		reply->error = EBADMSG;
}

/* SCRAM keys, or none of them. */
static void
get_scram(struct packet *reply, struct record_scram *s, uint8_t key)
{
	s->iterations = packet_get_u32(reply);
	s->length = s->iterations == 0 ? 0 : key;
	get_octets(reply, s->salt, sizeof(s->salt));
	get_octets(reply, s->stored, s->length);
	get_octets(reply, s->server, s->length);
}

static void
put_wanted(
    struct packet *request, const struct password *p, const char *password)
{
	packet_init(request, WIRE_HASH_MAKE);
	packet_put_text(request, password);
	packet_put_u8(request, (uint8_t)p->want.kind);
	packet_put_u8(request, (uint8_t)p->want.cost);
	packet_put_u32(request, p->want.iterations);
}

/* Reads the answer, and frees it. */
static enum password_result
get_made(
    enum password_result result, struct packet *reply, struct hash_made *made)
{
	memset(made, 0, sizeof(*made));
	if (result == PASSWORD_GOOD) {
		packet_get_text(reply, made->hash, sizeof(made->hash));
		get_scram(reply, &made->sha1, 20);
		get_scram(reply, &made->sha256, 32);
		if (packet_end(reply) == -1 || !hash_is_known(made->hash))
			result = PASSWORD_FAILED;
	}
	if (result != PASSWORD_GOOD)
		explicit_bzero(made, sizeof(*made));
	packet_free(reply);
	return result;
}

enum password_result
password_make(struct password *p, const struct delay_who *who,
    const char *password, struct hash_made *made, int64_t deadline)
{
	enum password_result result;
	struct packet request, reply;

	put_wanted(&request, p, password);
	result = ask(p, who, &request, &reply, deadline);
	packet_free(&request);
	return get_made(result, &reply, made);
}

enum password_result
password_make_idle(struct password *p, const char *password,
    struct hash_made *made, int64_t deadline)
{
	enum password_result result;
	struct packet request, reply;

	put_wanted(&request, p, password);
	packet_init(&reply, 0);
	result = outcome(
	    pool_call_idle(p->pool, &request, &reply, deadline), &reply);
	packet_free(&request);
	return get_made(result, &reply, made);
}

void
password_forget(struct password *p, const char *user)
{
	login_cache_forget(p->cache, user);
}

void
password_expire(struct password *p)
{
	login_cache_expire(p->cache);
}
