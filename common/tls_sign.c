#include "tls_sign.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/proverr.h>
#include <openssl/rsa.h>
#include <string.h>
#include <strings.h>

struct sign {
	const struct tls_sign_key *key;
	unsigned digest; /* 0x04, 0x05, 0x06: SHA-256, -384, -512 */
	int is_pss;
	size_t length;
	unsigned char data[TLS_SIGNED_MAX];
};

static _Thread_local const struct tls_signer *signer;
static _Thread_local struct tls_signing *signing;
static void (*tell_of_no_key)(void);

void
tls_sign_with(const struct tls_signer *new)
{
	signer = new;
}

void
tls_sign_watch(void (*no_key)(void))
{
	tell_of_no_key = no_key;
}

void
tls_sign_begin(struct tls_signing *now)
{
	signing = now;
}

static void *
new_sign(void *provider, const char *properties)
{
	(void)provider;
	(void)properties;
	return OPENSSL_zalloc(sizeof(struct sign));
}

static void
free_sign(void *data)
{
	OPENSSL_free(data);
}

/* RFC 8446 4.2.3: the high octet of a scheme of TLS 1.2. */
static int
set_digest(struct sign *s, const char *name)
{
	static const struct {
		const char *name;
		unsigned code;
	} digests[] = {{"SHA256", 4}, {"SHA2-256", 4}, {"SHA384", 5},
	    {"SHA2-384", 5}, {"SHA512", 6}, {"SHA2-512", 6}};

	s->digest = 0;
	if (name == NULL || *name == '\0')
		return strcmp(s->key->type, "ED25519") == 0;
	for (size_t i = 0; i < sizeof(digests) / sizeof(digests[0]); i++)
		if (strcasecmp(digests[i].name, name) == 0)
			s->digest = digests[i].code;
	return s->digest != 0;
}

static int
set_params(void *data, const OSSL_PARAM params[])
{
	struct sign *s = data;
	const OSSL_PARAM *p;
	int mode = 0;

	if (params == NULL)
		return 1;
	p = OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_PAD_MODE);
	if (p == NULL) /* the salt: TLS has it as long as the digest */
		return 1;
	if (p->data_type == OSSL_PARAM_UTF8_STRING && p->data != NULL)
		s->is_pss = strcmp(p->data, OSSL_PKEY_RSA_PAD_MODE_PSS) == 0;
	else if (OSSL_PARAM_get_int(p, &mode) == 1)
		s->is_pss = mode == RSA_PKCS1_PSS_PADDING;
	else
		return 0;
	return 1;
}

static const OSSL_PARAM *
settable_params(void *data, void *provider)
{
	static const OSSL_PARAM settable[] = {
	    OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE, NULL, 0),
	    OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, NULL, 0),
	    OSSL_PARAM_END};

	(void)data;
	(void)provider;
	return settable;
}

static int
init_sign(void *data, const char *digest, void *key, const OSSL_PARAM params[])
{
	struct sign *s = data;

	if (key != NULL)
		s->key = key;
	s->length = 0;
	return s->key != NULL && set_digest(s, digest) && set_params(s, params);
}

static int
update(void *data, const unsigned char *octets, size_t length)
{
	struct sign *s = data;

	if (length > sizeof(s->data) - s->length)
		return 0;
	memcpy(s->data + s->length, octets, length);
	s->length += length;
	return 1;
}

/* RFC 8446 4.2.3. */
static unsigned
scheme_of(const struct sign *s)
{
	if (strcmp(s->key->type, "ED25519") == 0)
		return 0x0807;
	if (strcmp(s->key->type, "EC") == 0)
		return s->digest << 8 | 0x03;
	return s->is_pss ? 0x0800 | s->digest : s->digest << 8 | 0x01;
}

/* Others run meanwhile, so that nothing of this thread's may stay behind. */
static size_t
ask(const struct sign *s, unsigned char *signature)
{
	struct tls_signing *now = signing;
	int64_t deadline = now != NULL ? now->deadline : 0;
	size_t n = 0;

	errno = ENOTCONN;
	ERR_clear_error();
	if (signer != NULL)
		n = signer->sign(s->key->name, scheme_of(s), s->data, s->length,
		    signature, deadline);
	if (n == 0 && now != NULL)
		now->error = errno;
	if (n == 0 && errno == ENOKEY && tell_of_no_key != NULL)
		tell_of_no_key();
	return n;
}

static int
final(void *data, unsigned char *to, size_t *length, size_t size)
{
	const struct sign *s = data;
	unsigned char signature[TLS_SIGNATURE_MAX];
	size_t n;

	if (to == NULL) {
		*length = (size_t)EVP_PKEY_get_size(s->key->public);
		return 1;
	}
	n = ask(s, signature);
	if (n == 0 || n > size) {
		ERR_raise(ERR_LIB_PROV, PROV_R_FAILED_TO_SIGN);
		return 0;
	}
	memcpy(to, signature, n);
	*length = n;
	return 1;
}

static int
sign_at_once(void *data, unsigned char *to, size_t *length, size_t size,
    const unsigned char *octets, size_t count)
{
	struct sign *s = data;

	if (to == NULL)
		return final(s, NULL, length, 0);
	s->length = 0;
	return update(s, octets, count) && final(s, to, length, size);
}

#define FUNCTION(id, function)                 \
	{                                      \
		id, (void (*)(void))(function) \
	}

const OSSL_DISPATCH tls_sign_functions[] = {
    FUNCTION(OSSL_FUNC_SIGNATURE_NEWCTX, new_sign),
    FUNCTION(OSSL_FUNC_SIGNATURE_FREECTX, free_sign),
    FUNCTION(OSSL_FUNC_SIGNATURE_DIGEST_SIGN_INIT, init_sign),
    FUNCTION(OSSL_FUNC_SIGNATURE_DIGEST_SIGN_UPDATE, update),
    FUNCTION(OSSL_FUNC_SIGNATURE_DIGEST_SIGN_FINAL, final),
    FUNCTION(OSSL_FUNC_SIGNATURE_DIGEST_SIGN, sign_at_once),
    FUNCTION(OSSL_FUNC_SIGNATURE_SET_CTX_PARAMS, set_params),
    FUNCTION(OSSL_FUNC_SIGNATURE_SETTABLE_CTX_PARAMS, settable_params),
    {0, NULL}};
