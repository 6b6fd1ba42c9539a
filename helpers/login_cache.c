#include "login_cache.h"

#include "clock.h"
#include "log.h"
#include "mac.h"
#include "wire.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TAG_SIZE MAC_SIZE
/* Entries in which one user may be kept. */
#define WAYS 4
#define SETS (LOGIN_CACHE_MAX / WAYS)

struct entry {
	int64_t expiry;		       /* monotonic ns; 0: empty */
	unsigned char user[TAG_SIZE];  /* HMAC of the name */
	unsigned char login[TAG_SIZE]; /* HMAC of name, hash and password */
};

struct login_cache {
	int64_t lifetime;
	struct mac *mac;
	struct entry entries[SETS][WAYS];
};

struct login_cache *
login_cache_open(int64_t lifetime)
{
	struct login_cache *cache;
	unsigned char key[32];

	if ((cache = calloc(1, sizeof(*cache))) == NULL) {
		log_error("login_cache.failed", log_errno(ENOMEM));
		return NULL;
	}
	cache->lifetime = lifetime;
	if (getentropy(key, sizeof(key)) == 0) {
		errno = ENOMEM;
		cache->mac = mac_open(key, sizeof(key));
	}
	explicit_bzero(key, sizeof(key));
	if (cache->mac != NULL)
		return cache;
	log_error("login_cache.failed", log_errno(errno));
	login_cache_close(&cache);
	return NULL;
}

void
login_cache_close(struct login_cache **cachep)
{
	if (*cachep == NULL)
		return;
	mac_close(&(*cachep)->mac);
	explicit_bzero(*cachep, sizeof(**cachep));
	free(*cachep);
	*cachep = NULL;
}

/* HMAC of the texts, each with its NUL so that none runs into the next. */
static int
tag_of(struct login_cache *cache, const char *const *texts, unsigned count,
    unsigned char tag[TAG_SIZE])
{
	unsigned char all[2048];
	size_t length, at = 0;
	unsigned i;
	int result;

	for (i = 0; i < count; i++) {
		length = strlen(texts[i]) + 1;
		if (length > sizeof(all) - at) {
			explicit_bzero(all, sizeof(all));
			return -1;
		}
		memcpy(all + at, texts[i], length);
		at += length;
	}
	result = mac_sum(cache->mac, all, at, tag);
	explicit_bzero(all, at);
	if (result == -1)
		log_error("login_cache.hmac", log_text("user", texts[0]));
	return result;
}

/* The entries where the user of this tag may be. */
static struct entry *
set_of(struct login_cache *cache, const unsigned char user[TAG_SIZE])
{
	uint32_t number;

	memcpy(&number, user, sizeof(number));
	return cache->entries[number % SETS];
}

static int
is_user(const struct entry *e, const unsigned char user[TAG_SIZE])
{
	return e->expiry != 0 && CRYPTO_memcmp(e->user, user, TAG_SIZE) == 0;
}

int
login_cache_has(struct login_cache *cache, const char *user, const char *hash,
    const char *password)
{
	const char *const texts[] = {user, hash, password};
	unsigned char who[TAG_SIZE], login[TAG_SIZE];
	struct entry *set;
	int64_t now = clock_now();
	int i, found = 0;

	if (cache->lifetime == 0 || tag_of(cache, texts, 1, who) == -1 ||
	    tag_of(cache, texts, 3, login) == -1)
		return 0;
	set = set_of(cache, who);
	for (i = 0; i < WAYS; i++) {
		if (!is_user(&set[i], who))
			continue;
		if (now >= set[i].expiry)
			explicit_bzero(&set[i], sizeof(set[i]));
		else if (CRYPTO_memcmp(set[i].login, login, TAG_SIZE) == 0)
			found = 1;
	}
	explicit_bzero(login, sizeof(login));
	return found;
}

void
login_cache_add(struct login_cache *cache, const char *user, const char *hash,
    const char *password)
{
	const char *const texts[] = {user, hash, password};
	unsigned char who[TAG_SIZE];
	struct entry *set, *to;
	int i;

	if (cache->lifetime == 0 || tag_of(cache, texts, 1, who) == -1)
		return;
	set = to = set_of(cache, who);
	for (i = 0; i < WAYS; i++) {
		if (is_user(&set[i], who)) {
			to = &set[i];
			break;
		}
		if (set[i].expiry < to->expiry)
			to = &set[i];
	}
	explicit_bzero(to, sizeof(*to));
	if (tag_of(cache, texts, 3, to->login) == -1)
		return;
	memcpy(to->user, who, TAG_SIZE);
	to->expiry = clock_after(cache->lifetime);
}

void
login_cache_forget(struct login_cache *cache, const char *user)
{
	unsigned char who[TAG_SIZE];
	struct entry *set;
	int i;

	if (tag_of(cache, &user, 1, who) == -1) {
		explicit_bzero(cache->entries, sizeof(cache->entries));
		return;
	}
	set = set_of(cache, who);
	for (i = 0; i < WAYS; i++) {
		if (is_user(&set[i], who))
			explicit_bzero(&set[i], sizeof(set[i]));
	}
}

void
login_cache_expire(struct login_cache *cache)
{
	struct entry *e = &cache->entries[0][0];
	int64_t now = clock_now();
	int i;

	for (i = 0; i < LOGIN_CACHE_MAX; i++, e++) {
		if (e->expiry != 0 && now >= e->expiry)
			explicit_bzero(e, sizeof(*e));
	}
}
