#include "hash.h"

#include "log.h"

#include <argon2.h>
#include <crypt.h>
#include <errno.h>
#include <gsasl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* RFC 9106 4 asks for three passes where memory is scarce. */
#define ARGON_PASSES 3
/* KiB at a cost of 0, so that the default of 5 is 64 MiB: RFC 9106 4. */
#define ARGON_MEMORY 2048
#define ARGON_SALT   16
/* All of it. */
#define BCRYPT_LENGTH 60
/* One more takes twice as long: some 10 s of a processor. */
#define BCRYPT_COST_MOST 16
#define SHA_ROUNDS_MOST	 10000000
/* Characters of the hashes themselves. */
#define SHA256_LENGTH 43
#define SHA512_LENGTH 86
/* RFC 9106 3.1: eight a lane. */
#define ARGON_MEMORY_MIN  8
#define ARGON_PASSES_MOST 100
#define BASE64                       \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZ" \
	"abcdefghijklmnopqrstuvwxyz" \
	"0123456789+/"
#define ARGON_OUTPUT 32

static enum hash_result
failed(const char *step, const char *why)
{
	log_error("hash.failed", log_text("step", step), log_text("why", why));
	return HASH_FAILED;
}

/* crypt(5) of password under setting, to hash. */
static enum hash_result
crypt_to(const char *password, const char *setting, char *hash)
{
	struct crypt_data *data = calloc(1, sizeof(*data));
	enum hash_result result = HASH_FAILED;
	const char *out;

	if (data == NULL)
		return failed("crypt", strerror(ENOMEM));
	out = crypt_rn(password, setting, data, (int)sizeof(*data));
	if (out == NULL)
		failed("crypt", strerror(errno));
	else if (strlen(out) < RECORD_HASH_MAX) {
		snprintf(hash, RECORD_HASH_MAX, "%s", out);
		result = HASH_FITS;
	}
	explicit_bzero(data, sizeof(*data));
	free(data);
	return result;
}

static enum hash_result
make_yescrypt(unsigned cost, const char *password, char *hash)
{
	char salt[CRYPT_GENSALT_OUTPUT_SIZE];

	if (crypt_gensalt_rn("$y$", cost, NULL, 0, salt, (int)sizeof(salt)) ==
	    NULL)
		return failed("salt", strerror(errno));
	return crypt_to(password, salt, hash);
}

static enum hash_result
make_argon(unsigned cost, const char *password, char *hash)
{
	unsigned char salt[ARGON_SALT];
	int code;

	if (getentropy(salt, sizeof(salt)) == -1)
		return failed("salt", strerror(errno));
	code = argon2id_hash_encoded(ARGON_PASSES,
	    (uint32_t)ARGON_MEMORY << cost, 1, password, strlen(password), salt,
	    sizeof(salt), ARGON_OUTPUT, hash, RECORD_HASH_MAX);
	if (code == ARGON2_OK)
		return HASH_FITS;
	return failed("argon2", argon2_error_message(code));
}

static int
hmac(const char *digest, const unsigned char *key, size_t length,
    const char *text, unsigned char *to)
{
	size_t size = 0;

	return EVP_Q_mac(NULL, "HMAC", NULL, digest, NULL, key, length,
		   (const unsigned char *)text, strlen(text), to,
		   RECORD_KEY_MAX, &size) != NULL
		   ? 0
		   : -1;
}

/* RFC 5802 3: SaltedPassword, ClientKey, StoredKey, ServerKey. */
int
hash_scram(const char *digest, const char *password, const void *salt,
    size_t salt_length, struct record_scram *s)
{
	unsigned char salted[RECORD_KEY_MAX], key[RECORD_KEY_MAX];
	const EVP_MD *md = EVP_get_digestbyname(digest);
	size_t length = 0;
	int result = -1;

	if (md == NULL)
		return -1;
	length = (size_t)EVP_MD_get_size(md);
	s->length = (uint8_t)length;
	if (PKCS5_PBKDF2_HMAC(password, (int)strlen(password), salt,
		(int)salt_length, (int)s->iterations, md, (int)length,
		salted) == 1 &&
	    hmac(digest, salted, length, "Client Key", key) == 0 &&
	    hmac(digest, salted, length, "Server Key", s->server) == 0 &&
	    EVP_Digest(key, length, s->stored, NULL, md, NULL) == 1)
		result = 0;
	explicit_bzero(salted, sizeof(salted));
	explicit_bzero(key, sizeof(key));
	return result;
}

static int
make_scram(const char *digest, const char *password, uint32_t iterations,
    struct record_scram *s)
{
	s->iterations = iterations;
	if (getentropy(s->salt, sizeof(s->salt)) == -1)
		return -1;
	return hash_scram(digest, password, s->salt, sizeof(s->salt), s);
}

/* RFC 5802 2.2: the password is Normalize(password). */
static enum hash_result
make_keys(
    const struct hash_want *want, const char *password, struct hash_made *made)
{
	enum hash_result result = HASH_FITS;
	char *prepared = NULL;
	int code;

	code = gsasl_saslprep(password, 0, &prepared, NULL);
	if (code != GSASL_OK || *prepared == '\0')
		log_info("hash.no_scram", log_text("why", "SASLprep"));
	else if (make_scram("SHA1", prepared, want->iterations, &made->sha1) ==
		     -1 ||
		 make_scram(
		     "SHA256", prepared, want->iterations, &made->sha256) == -1)
		result = failed("scram", "no key");
	if (code == GSASL_OK) {
		explicit_bzero(prepared, strlen(prepared));
		gsasl_free(prepared);
	}
	return result;
}

enum hash_result
hash_make(
    const struct hash_want *want, const char *password, struct hash_made *made)
{
	enum hash_result result;

	memset(made, 0, sizeof(*made));
	if (want->kind == HASH_ARGON2ID)
		result = make_argon(want->cost, password, made->hash);
	else
		result = make_yescrypt(want->cost, password, made->hash);
	if (result == HASH_FITS)
		result = make_keys(want, password, made);
	return result;
}

static int
is_argon(const char *stored)
{
	return strncmp(stored, "$argon2id$", 10) == 0;
}

int
hash_is_known(const char *stored)
{
	static const char *const kinds[] = {
	    "$y$", "$6$", "$5$", "$2b$", "$2y$", "$2a$"};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strncmp(stored, kinds[i], strlen(kinds[i])) == 0)
			return 1;
	return is_argon(stored);
}

enum hash_result
hash_verify(const char *password, const char *stored)
{
	char hash[RECORD_HASH_MAX];
	enum hash_result result;
	int code;

	if (!hash_is_known(stored))
		return failed("verify", "a hash of no known kind");
	if (is_argon(stored)) {
		code = argon2id_verify(stored, password, strlen(password));
		if (code == ARGON2_OK)
			return HASH_FITS;
		return code == ARGON2_VERIFY_MISMATCH
			   ? HASH_DIFFERS
			   : failed("argon2", argon2_error_message(code));
	}
	result = crypt_to(password, stored, hash);
	if (result == HASH_FITS &&
	    (strlen(hash) != strlen(stored) ||
		CRYPTO_memcmp(hash, stored, strlen(stored)) != 0))
		result = HASH_DIFFERS;
	explicit_bzero(hash, sizeof(hash));
	return result;
}

/* The cost that a yescrypt hash was made with, 0 for an odd one. */
static unsigned
yescrypt_cost(const char *stored)
{
	static const char salt[16];
	char made[CRYPT_GENSALT_OUTPUT_SIZE];
	unsigned cost;
	size_t length;

	for (cost = HASH_COST_MAX; cost >= HASH_COST_MIN; cost--) {
		if (crypt_gensalt_rn("$y$", cost, salt, (int)sizeof(salt), made,
			(int)sizeof(made)) == NULL)
			continue;
		length = 3 + strcspn(made + 3, "$");
		if (strncmp(stored, made, length + 1) == 0)
			return cost;
	}
	return 0;
}

/* The number behind a name in an Argon2 hash, 0 where there is none. */
static unsigned long
argon_number(const char *stored, const char *name)
{
	const char *at = strstr(stored, name);

	return at == NULL ? 0 : strtoul(at + strlen(name), NULL, 10);
}

/* $argon2id$v=19$m=KIB,t=PASSES,p=LANES$SALT$HASH, which a hasher has the
 * memory for. */
static int
argon_is_sound(const char *stored)
{
	unsigned long memory = argon_number(stored, "$m="),
		      passes = argon_number(stored, ",t="),
		      lanes = argon_number(stored, ",p=");
	char head[96];
	const char *rest;

	if (memory < ARGON_MEMORY_MIN * lanes || lanes == 0 || passes == 0 ||
	    memory > (unsigned long)ARGON_MEMORY << HASH_COST_MAX ||
	    passes > ARGON_PASSES_MOST)
		return 0;
	snprintf(head, sizeof(head), "$argon2id$v=19$m=%lu,t=%lu,p=%lu$",
	    memory, passes, lanes);
	if (strncmp(stored, head, strlen(head)) != 0)
		return 0;
	rest = stored + strlen(head);
	return strchr(rest, '$') != NULL &&
	       strspn(rest, BASE64 "$") == strlen(rest);
}

/* Whether a hash of crypt's takes no more time and memory than those of ours
 * and of BCRYPT_COST_MOST: guesses at the password cost us that much. */
static int
crypt_is_bounded(const char *stored)
{
	static const char rounds[] = "rounds=";
	const char *setting = stored + 3;

	if (stored[1] == '2')
		return strtoul(stored + 4, NULL, 10) <= BCRYPT_COST_MOST;
	if (stored[1] == 'y') /* as crypt_gensalt makes them up to our most */
		return setting[0] == 'j' && setting[1] >= '.' &&
		       setting[1] <= 'F' &&
		       (setting[2] == '5' || setting[2] == 'T') &&
		       setting[3] == '$';
	return strncmp(setting, rounds, sizeof(rounds) - 1) != 0 ||
	       strtoul(setting + sizeof(rounds) - 1, NULL, 10) <=
		   SHA_ROUNDS_MOST;
}

int
hash_is_sound(const char *stored)
{
	const char *c;
	int salt;

	for (c = stored; *c > ' ' && *c <= '~' && *c != ':'; c++)
		;
	if (*c != '\0' || !hash_is_known(stored))
		return 0;
	if (is_argon(stored))
		return argon_is_sound(stored);
	if (!crypt_is_bounded(stored))
		return 0;
	if (stored[1] == '2')
		return strlen(stored) == BCRYPT_LENGTH;
	/* Behind the setting stands a hash; yescrypt's are as SHA-256's. */
	if (strlen(strrchr(stored, '$') + 1) !=
	    (stored[1] == '6' ? SHA512_LENGTH : SHA256_LENGTH))
		return 0;
	salt = crypt_checksalt(stored);
	return salt != CRYPT_SALT_INVALID && salt != CRYPT_SALT_METHOD_DISABLED;
}

int
hash_is_weaker(const char *stored, const struct hash_want *want)
{
	if (want->kind == HASH_YESCRYPT)
		return strncmp(stored, "$y$", 3) != 0 ||
		       yescrypt_cost(stored) < want->cost;
	return !is_argon(stored) ||
	       argon_number(stored, "$m=") < (unsigned long)ARGON_MEMORY
						 << want->cost ||
	       argon_number(stored, ",t=") < ARGON_PASSES;
}
