#include "tls_provider.h"

#include "tls_sign.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/provider.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <string.h>

/* What a key is made from: the certificate's SubjectPublicKeyInfo. */
#define SPKI "ringmail-spki"
/* Implicit look-ups find OpenSSL's own; ours has to be asked for by name. */
#define OWN    "provider=ringmail"
#define OTHERS "provider=default"

#define RSA_LEAST 2048
#define RSA_MOST  (TLS_SIGNATURE_MAX * 8)

static pthread_once_t once = PTHREAD_ONCE_INIT;
static OSSL_LIB_CTX *library;

/* -- keys */

static void *
new_key(const char *type)
{
	struct tls_sign_key *key = OPENSSL_zalloc(sizeof(*key));

	if (key != NULL)
		key->type = type;
	return key;
}

static void *
new_ec(void *provider)
{
	(void)provider;
	return new_key("EC");
}

static void *
new_rsa(void *provider)
{
	(void)provider;
	return new_key("RSA");
}

static void *
new_ed25519(void *provider)
{
	(void)provider;
	return new_key("ED25519");
}

static void
free_key(void *data)
{
	struct tls_sign_key *key = data;

	if (key == NULL)
		return;
	EVP_PKEY_free(key->public);
	OPENSSL_free(key);
}

/* It signs, so for all that OpenSSL knows it has a private part. */
static int
has_key(const void *data, int selection)
{
	const struct tls_sign_key *key = data;

	(void)selection;
	return key != NULL && key->public != NULL;
}

static int
match_key(const void *one, const void *other, int selection)
{
	const struct tls_sign_key *a = one, *b = other;

	(void)selection;
	return a->public != NULL && b->public != NULL &&
	       EVP_PKEY_eq(a->public, b->public) == 1;
}

static int
get_key_params(void *data, OSSL_PARAM params[])
{
	const struct tls_sign_key *key = data;

	return EVP_PKEY_get_params(key->public, params);
}

static const OSSL_PARAM *
gettable_key_params(void *provider)
{
	static const OSSL_PARAM gettable[] = {
	    OSSL_PARAM_int(OSSL_PKEY_PARAM_BITS, NULL),
	    OSSL_PARAM_int(OSSL_PKEY_PARAM_SECURITY_BITS, NULL),
	    OSSL_PARAM_int(OSSL_PKEY_PARAM_MAX_SIZE, NULL),
	    OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
	    OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_DEFAULT_DIGEST, NULL, 0),
	    OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, NULL, 0),
	    OSSL_PARAM_END};

	(void)provider;
	return gettable;
}

/* A key of OpenSSL's own, from the parameters that another one has exported
 * (for a comparison). */
static EVP_PKEY *
import_others(const char *type, const OSSL_PARAM params[])
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(library, type, OTHERS);
	OSSL_PARAM *copy = OSSL_PARAM_dup(params);
	EVP_PKEY *key = NULL;

	if (ctx == NULL || copy == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, copy) != 1)
		key = NULL;
	OSSL_PARAM_free(copy);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static int
import_key(void *data, int selection, const OSSL_PARAM params[])
{
	struct tls_sign_key *key = data;
	const OSSL_PARAM *p = OSSL_PARAM_locate_const(params, SPKI);
	const unsigned char *der;
	const void *octets;
	size_t length;

	(void)selection;
	if (p == NULL) {
		key->public = import_others(key->type, params);
		return key->public != NULL;
	}
	if (OSSL_PARAM_get_octet_string_ptr(p, &octets, &length) != 1 ||
	    EVP_Q_digest(
		library, "SHA256", NULL, octets, length, key->name, NULL) != 1)
		return 0;
	der = octets;
	key->public = d2i_PUBKEY_ex(NULL, &der, (long)length, library, OTHERS);
	return key->public != NULL;
}

/* The public part, to whoever asks; there is no other. */
static int
export_key(void *data, int selection, OSSL_CALLBACK *callback, void *arg)
{
	const struct tls_sign_key *key = data;
	OSSL_PARAM *params = NULL;
	int result;

	if ((selection & OSSL_KEYMGMT_SELECT_PUBLIC_KEY) == 0 ||
	    EVP_PKEY_todata(key->public, EVP_PKEY_PUBLIC_KEY, &params) != 1)
		return 0;
	result = callback(params, arg);
	OSSL_PARAM_free(params);
	return result;
}

static const OSSL_PARAM *
key_types(int selection)
{
	static const OSSL_PARAM types[] = {
	    OSSL_PARAM_octet_string(SPKI, NULL, 0),
	    OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, NULL, 0),
	    OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
	    OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_N, NULL, 0),
	    OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_E, NULL, 0), OSSL_PARAM_END};

	(void)selection;
	return types;
}

static const char *
operation_name(int operation)
{
	return operation == OSSL_OP_SIGNATURE ? TLS_SIGN_NAME : NULL;
}

#define FUNCTION(id, function)                 \
	{                                      \
		id, (void (*)(void))(function) \
	}
#define KEY_FUNCTIONS(new)                                                  \
	{                                                                   \
		FUNCTION(OSSL_FUNC_KEYMGMT_NEW, new),                       \
		    FUNCTION(OSSL_FUNC_KEYMGMT_FREE, free_key),             \
		    FUNCTION(OSSL_FUNC_KEYMGMT_HAS, has_key),               \
		    FUNCTION(OSSL_FUNC_KEYMGMT_MATCH, match_key),           \
		    FUNCTION(OSSL_FUNC_KEYMGMT_GET_PARAMS, get_key_params), \
		    FUNCTION(OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS,             \
			gettable_key_params),                               \
		    FUNCTION(OSSL_FUNC_KEYMGMT_IMPORT, import_key),         \
		    FUNCTION(OSSL_FUNC_KEYMGMT_IMPORT_TYPES, key_types),    \
		    FUNCTION(OSSL_FUNC_KEYMGMT_EXPORT, export_key),         \
		    FUNCTION(OSSL_FUNC_KEYMGMT_EXPORT_TYPES, key_types),    \
		    FUNCTION(OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME,        \
			operation_name),                                    \
		{                                                           \
			0, NULL                                             \
		}                                                           \
	}

static const OSSL_DISPATCH ec_functions[] = KEY_FUNCTIONS(new_ec);
static const OSSL_DISPATCH rsa_functions[] = KEY_FUNCTIONS(new_rsa);
static const OSSL_DISPATCH ed25519_functions[] = KEY_FUNCTIONS(new_ed25519);

static const OSSL_ALGORITHM keys[] = {
    {"EC:id-ecPublicKey:1.2.840.10045.2.1", OWN, ec_functions, NULL},
    {"RSA:rsaEncryption:1.2.840.113549.1.1.1", OWN, rsa_functions, NULL},
    {"ED25519:1.3.101.112", OWN, ed25519_functions, NULL},
    {NULL, NULL, NULL, NULL}};

static const OSSL_ALGORITHM signatures[] = {
    {TLS_SIGN_NAME, OWN, tls_sign_functions, NULL}, {NULL, NULL, NULL, NULL}};

/* -- the provider */

static const OSSL_ALGORITHM *
query(void *provider, int operation, int *no_cache)
{
	(void)provider;
	*no_cache = 0;
	if (operation == OSSL_OP_KEYMGMT)
		return keys;
	return operation == OSSL_OP_SIGNATURE ? signatures : NULL;
}

static int
init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in,
    const OSSL_DISPATCH **out, void **provider)
{
	static const OSSL_DISPATCH functions[] = {
	    FUNCTION(OSSL_FUNC_PROVIDER_QUERY_OPERATION, query), {0, NULL}};

	(void)in;
	*out = functions;
	*provider = (void *)(uintptr_t)handle;
	return 1;
}

static void
begin(void)
{
	OSSL_LIB_CTX *l;

	OPENSSL_init_ssl(
	    OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_LOAD_SSL_STRINGS |
		OPENSSL_INIT_LOAD_CRYPTO_STRINGS | OPENSSL_INIT_NO_ATEXIT,
	    NULL);
	if ((l = OSSL_LIB_CTX_new()) == NULL)
		return;
	if (OSSL_PROVIDER_load(l, "default") != NULL &&
	    OSSL_PROVIDER_add_builtin(l, "ringmail", init) == 1 &&
	    OSSL_PROVIDER_load(l, "ringmail") != NULL &&
	    EVP_set_default_properties(l, "?" OTHERS) == 1)
		library = l;
	else
		OSSL_LIB_CTX_free(l);
	ERR_clear_error();
}

OSSL_LIB_CTX *
tls_provider_library(void)
{
	pthread_once(&once, begin);
	return library;
}

static const char *
type_of(const EVP_PKEY *key)
{
	int bits = EVP_PKEY_get_bits(key);

	if (EVP_PKEY_is_a(key, "EC"))
		return "EC";
	if (EVP_PKEY_is_a(key, "ED25519"))
		return "ED25519";
	if (EVP_PKEY_is_a(key, "RSA") && bits >= RSA_LEAST && bits <= RSA_MOST)
		return "RSA";
	return NULL;
}

EVP_PKEY *
tls_provider_key(X509 *certificate)
{
	const EVP_PKEY *public = X509_get0_pubkey(certificate);
	const char *type = public != NULL ? type_of(public) : NULL;
	EVP_PKEY_CTX *ctx = NULL;
	unsigned char *der = NULL;
	EVP_PKEY *key = NULL;
	OSSL_PARAM params[2];
	int length;

	if (type == NULL || tls_provider_library() == NULL)
		return NULL;
	length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
	ctx = EVP_PKEY_CTX_new_from_name(library, type, OWN);
	if (length > 0 && ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1) {
		params[0] = OSSL_PARAM_construct_octet_string(
		    SPKI, der, (size_t)length);
		params[1] = OSSL_PARAM_construct_end();
		if (EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, params) != 1)
			key = NULL;
	}
	EVP_PKEY_CTX_free(ctx);
	OPENSSL_free(der);
	ERR_clear_error();
	return key;
}
