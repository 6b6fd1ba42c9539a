#include "tls_tickets.h"

#include "clock.h"
#include "tls_provider.h"

#include <openssl/core_names.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <string.h>

#define NAME_SIZE 16
#define KEY_SIZE  32

struct key {
	unsigned char name[NAME_SIZE];
	unsigned char cipher[KEY_SIZE];
	unsigned char mac[KEY_SIZE];
	int64_t made; /* 0: never */
};

/* The newest and the one before it.  Held for a copy of a key. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct key keys[2];

/* Looked up once: OpenSSL would do it for each ticket. */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static EVP_CIPHER *kind;

static void
fetch(void)
{
	kind = EVP_CIPHER_fetch(tls_provider_library(), "AES-256-CBC", NULL);
}

static int
make(struct key *k, int64_t now)
{
	if (RAND_bytes(k->name, sizeof(k->name)) != 1 ||
	    RAND_priv_bytes(k->cipher, sizeof(k->cipher)) != 1 ||
	    RAND_priv_bytes(k->mac, sizeof(k->mac)) != 1)
		return -1;
	k->made = now;
	return 0;
}

/* With the lock held: as old as they are allowed to be, or none. */
static int
rotate(int64_t now, int64_t period)
{
	struct key fresh;

	if (keys[1].made != 0 && now - keys[1].made >= 2 * period)
		explicit_bzero(&keys[1], sizeof(keys[1]));
	if (keys[0].made != 0 && now - keys[0].made < period)
		return 0;
	if (make(&fresh, now) == -1)
		return -1;
	if (keys[0].made != 0 && now - keys[0].made < 2 * period)
		keys[1] = keys[0];
	else
		explicit_bzero(&keys[1], sizeof(keys[1]));
	keys[0] = fresh;
	explicit_bzero(&fresh, sizeof(fresh));
	return 0;
}

/* The key to make tickets with. */
static int
newest(int64_t now, int64_t period, struct key *k)
{
	int result;

	pthread_mutex_lock(&lock);
	result = rotate(now, period);
	*k = keys[0];
	pthread_mutex_unlock(&lock);
	return result;
}

/* The key of this name: 1, 2 if it makes no tickets any more, 0 for none. */
static int
find(int64_t now, int64_t period, const unsigned char *name, struct key *k)
{
	int found = 0;

	pthread_mutex_lock(&lock);
	if (rotate(now, period) == 0)
		for (int i = 0; i < 2 && found == 0; i++)
			if (keys[i].made != 0 &&
			    memcmp(keys[i].name, name, NAME_SIZE) == 0) {
				*k = keys[i];
				found = i + 1;
			}
	pthread_mutex_unlock(&lock);
	return found;
}

static int
set_mac(EVP_MAC_CTX *mac, struct key *k)
{
	OSSL_PARAM params[3];
	char digest[] = "SHA256";

	params[0] = OSSL_PARAM_construct_octet_string(
	    OSSL_MAC_PARAM_KEY, k->mac, sizeof(k->mac));
	params[1] =
	    OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0);
	params[2] = OSSL_PARAM_construct_end();
	return EVP_MAC_CTX_set_params(mac, params);
}

/* As SSL_CTX_set_tlsext_ticket_key_evp_cb asks for it: 0 for no ticket, 2 to
 * have a new one made. */
static int
use_key(SSL *ssl, unsigned char *name, unsigned char *iv,
    EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int is_new)
{
	SSL_CTX *ctx = SSL_get_SSL_CTX(ssl);
	int64_t period = SSL_CTX_get_timeout(ctx) * CLOCK_SECOND;
	int64_t now = clock_now();
	struct key k;
	int result;

	if (kind == NULL)
		return -1;
	if (is_new) {
		if (newest(now, period, &k) == -1 ||
		    RAND_bytes(iv, EVP_CIPHER_get_iv_length(kind)) != 1)
			return -1;
		memcpy(name, k.name, NAME_SIZE);
		result = EVP_EncryptInit_ex(cipher, kind, NULL, k.cipher, iv);
	} else {
		if ((result = find(now, period, name, &k)) == 0)
			return 0;
		if (EVP_DecryptInit_ex(cipher, kind, NULL, k.cipher, iv) != 1)
			result = -1;
	}
	if (result > 0 && set_mac(mac, &k) != 1)
		result = -1;
	explicit_bzero(&k, sizeof(k));
	return result;
}

void
tls_tickets_use(SSL_CTX *ctx, int64_t period)
{
	long seconds = (long)(period / CLOCK_SECOND);

	pthread_once(&once, fetch);
	SSL_CTX_set_timeout(ctx, seconds > 0 ? seconds : 1);
	SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, use_key);
}

int
tls_tickets_name(int64_t now, int64_t period, unsigned char *name)
{
	struct key k;
	int result = newest(now, period, &k);

	memcpy(name, k.name, NAME_SIZE);
	explicit_bzero(&k, sizeof(k));
	return result;
}
