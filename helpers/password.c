#include "password.h"
#include "clock.h"
#include "log.h"
#include "login_cache.h"
#include "port.h"

#include <crypt.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NEW_HASHES "$y$"

/* What a thread computes: the hash of password under setting. */
struct job {
	struct message message; /* first: it is what ports carry */
	const char *password;
	const char *setting; /* a stored hash; NULL: a new salt */
	int64_t deadline;
	enum password_result result; /* GOOD: hash is set */
	char hash[PASSWORD_HASH_MAX];
};

struct hasher {
	pthread_t thread;
	struct ring ring;
	struct port port;
	unsigned pending; /* jobs that it has; the worker's book-keeping */
	atomic_int end;
	struct crypt_data data;
};

struct password_pool {
	unsigned started, pending, queue;
	struct login_cache *cache;
	char dummy[PASSWORD_HASH_MAX]; /* of a password that nobody knows */
	unsigned count;
	struct hasher hashers[];
};

/* The hash of a job; data is the thread's scratch room, wiped afterwards. */
static void
compute(struct job *job, struct crypt_data *data)
{
	char salt[CRYPT_GENSALT_OUTPUT_SIZE];
	const char *setting = job->setting, *hash;

	job->result = PASSWORD_FAILED;
	if (setting == NULL)
		setting = crypt_gensalt_rn(
		    NEW_HASHES, 0, NULL, 0, salt, (int)sizeof(salt));
	if (setting == NULL) {
		log_error("password.salt", log_errno(errno));
		return;
	}
	hash = crypt_rn(job->password, setting, data, (int)sizeof(*data));
	if (hash == NULL) {
		log_error("password.hash", log_errno(errno));
	} else if (strlen(hash) < sizeof(job->hash)) {
		snprintf(job->hash, sizeof(job->hash), "%s", hash);
		job->result = PASSWORD_GOOD;
	}
	explicit_bzero(data, sizeof(*data));
}

static void *
hash_for_ever(void *arg)
{
	struct hasher *h = arg;
	struct message *m;
	struct job *job;

	while (!atomic_load(&h->end)) {
		if ((m = port_receive(&h->port)) == NULL) {
			ring_wait(&h->ring, CLOCK_NEVER);
			continue;
		}
		job = (struct job *)m;
		/* Nobody waits any more for what comes too late. */
		if (clock_now() >= job->deadline)
			job->result = PASSWORD_BUSY;
		else
			compute(job, &h->data);
		if (port_reply(m) == -1)
			panic("password: a reply port is gone");
	}
	return NULL;
}

static int
start_hasher(struct hasher *h, unsigned queue)
{
	ring_init(&h->ring);
	port_init(&h->port, &h->ring, queue);
	return pthread_create(&h->thread, NULL, hash_for_ever, h);
}

/* A hash that no password fits, to be compared where there is no user. */
static int
make_dummy(struct password_pool *pool)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char random[32];
	char password[sizeof(random) + 1];
	struct job job = {.password = password};
	size_t i;

	if (getentropy(random, sizeof(random)) == -1) {
		log_error("password.random", log_errno(errno));
		return -1;
	}
	for (i = 0; i < sizeof(random); i++)
		password[i] = digits[random[i] % 16];
	password[i] = '\0';
	compute(&job, &pool->hashers[0].data);
	snprintf(pool->dummy, sizeof(pool->dummy), "%s", job.hash);
	explicit_bzero(random, sizeof(random));
	explicit_bzero(password, sizeof(password));
	explicit_bzero(&job, sizeof(job));
	return pool->dummy[0] == '\0' ? -1 : 0;
}

struct password_pool *
password_open(unsigned threads, unsigned queue, int64_t cache)
{
	struct password_pool *pool;
	int code = 0;

	pool = calloc(1, sizeof(*pool) + threads * sizeof(pool->hashers[0]));
	if (pool == NULL) {
		log_error("password.open", log_errno(ENOMEM));
		return NULL;
	}
	pool->queue = queue;
	pool->count = threads;
	if ((pool->cache = login_cache_open(cache)) == NULL ||
	    make_dummy(pool) == -1) {
		password_close(&pool);
		return NULL;
	}
	while (code == 0 && pool->started < threads) {
		code = start_hasher(&pool->hashers[pool->started], queue);
		if (code == 0)
			pool->started++;
	}
	if (code != 0) {
		log_error("password.thread", log_errno(code));
		password_close(&pool);
	}
	return pool;
}

void
password_close(struct password_pool **poolp)
{
	struct password_pool *pool = *poolp;
	unsigned i;

	if (pool == NULL)
		return;
	*poolp = NULL;
	for (i = 0; i < pool->started; i++) {
		struct hasher *h = &pool->hashers[i];

		atomic_store(&h->end, 1);
		ring_notify(&h->ring);
		pthread_join(h->thread, NULL);
	}
	login_cache_close(&pool->cache);
	free(pool);
}

/* Has the least busy thread compute the job. */
static enum password_result
run(struct password_pool *pool, struct job *job)
{
	struct hasher *h = &pool->hashers[0];
	unsigned i;
	int sent;

	if (pool->pending >= pool->queue)
		return PASSWORD_BUSY;
	for (i = 1; i < pool->started; i++) {
		if (pool->hashers[i].pending < h->pending)
			h = &pool->hashers[i];
	}
	pool->pending++;
	h->pending++;
	sent = port_call(&h->port, &job->message, job->deadline);
	pool->pending--;
	h->pending--;
	return sent == 0 ? job->result : PASSWORD_BUSY;
}

static int
is_known(const char *hash)
{
	return strncmp(hash, "$y$", 3) == 0 || strncmp(hash, "$6$", 3) == 0;
}

static int
is_same(const char *a, const char *b)
{
	size_t length = strlen(a);

	return strlen(b) == length && CRYPTO_memcmp(a, b, length) == 0;
}

enum password_result
password_verify(struct password_pool *pool, const char *user, const char *hash,
    const char *password, int64_t deadline)
{
	struct job job = {.password = password, .deadline = deadline};
	enum password_result result;

	if (hash[0] != '\0' && !is_known(hash)) {
		log_error("password.kind", log_text("user", user));
		return PASSWORD_FAILED;
	}
	if (hash[0] != '\0' &&
	    login_cache_has(pool->cache, user, hash, password))
		return PASSWORD_GOOD;
	job.setting = hash[0] == '\0' ? pool->dummy : hash;
	result = run(pool, &job);
	if (result == PASSWORD_GOOD && !is_same(job.hash, job.setting))
		result = PASSWORD_WRONG;
	if (hash[0] == '\0' && result == PASSWORD_GOOD)
		result = PASSWORD_WRONG;
	if (result == PASSWORD_GOOD)
		login_cache_add(pool->cache, user, hash, password);
	explicit_bzero(&job, sizeof(job));
	return result;
}

enum password_result
password_hash(struct password_pool *pool, const char *password, char *hash,
    int64_t deadline)
{
	struct job job = {.password = password, .deadline = deadline};
	enum password_result result;

	hash[0] = '\0';
	result = run(pool, &job);
	if (result == PASSWORD_GOOD)
		snprintf(hash, PASSWORD_HASH_MAX, "%s", job.hash);
	explicit_bzero(&job, sizeof(job));
	return result;
}

void
password_forget(struct password_pool *pool, const char *user)
{
	login_cache_forget(pool->cache, user);
}

void
password_expire(struct password_pool *pool)
{
	login_cache_expire(pool->cache);
}
