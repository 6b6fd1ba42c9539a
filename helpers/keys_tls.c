#include "keys_tls.h"

#include <openssl/err.h>
#include <openssl/rsa.h>
#include <string.h>

/* RFC 8446 4.4.3: 64 spaces, the context, a NUL. */
#define SPACES	64
#define CONTEXT "TLS 1.3, server CertificateVerify"
/* RFC 5246 7.4.3: both randoms; RFC 8422 5.4: named_curve, two octets of the
 * curve's number, one of the point's length. */
#define RANDOMS	    64
#define NAMED_CURVE 3
#define CURVE_HEAD  4
#define POINT_LEAST 32
#define POINT_MOST  133

static int
is_tls13(const unsigned char *data, size_t length)
{
	const size_t head = SPACES + sizeof(CONTEXT);

	if (length != head + 32 && length != head + 48)
		return 0;
	for (size_t i = 0; i < SPACES; i++)
		if (data[i] != ' ')
			return 0;
	return memcmp(data + SPACES, CONTEXT, sizeof(CONTEXT)) == 0;
}

static int
is_tls12(const unsigned char *data, size_t length)
{
	const unsigned char *curve = data + RANDOMS;

	if (length < RANDOMS + CURVE_HEAD)
		return 0;
	return curve[0] == NAMED_CURVE && curve[3] >= POINT_LEAST &&
	       curve[3] <= POINT_MOST &&
	       length == (size_t)RANDOMS + CURVE_HEAD + curve[3];
}

int
keys_tls_is_signable(const unsigned char *data, size_t length)
{
	return is_tls13(data, length) || is_tls12(data, length);
}

struct scheme {
	unsigned number;
	const char *type, *digest;
	int is_pss;
};

static const struct scheme schemes[] = {
    {0x0403, "EC", "SHA256", 0},
    {0x0503, "EC", "SHA384", 0},
    {0x0603, "EC", "SHA512", 0},
    {0x0807, "ED25519", NULL, 0},
    {0x0804, "RSA", "SHA256", 1},
    {0x0805, "RSA", "SHA384", 1},
    {0x0806, "RSA", "SHA512", 1},
    {0x0401, "RSA", "SHA256", 0},
    {0x0501, "RSA", "SHA384", 0},
    {0x0601, "RSA", "SHA512", 0},
};

static const struct scheme *
find(const EVP_PKEY *key, unsigned number)
{
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (schemes[i].number == number)
			return EVP_PKEY_is_a(key, schemes[i].type) ? &schemes[i]
								   : NULL;
	return NULL;
}

size_t
keys_tls_sign(EVP_PKEY *key, unsigned scheme, const unsigned char *data,
    size_t length, unsigned char *signature)
{
	const struct scheme *s = find(key, scheme);
	EVP_MD_CTX *md = s != NULL ? EVP_MD_CTX_new() : NULL;
	size_t size = KEYS_SIGNATURE_MAX;
	EVP_PKEY_CTX *ctx;

	if (md == NULL)
		return 0;
	if (EVP_DigestSignInit_ex(md, &ctx, s->digest, NULL, NULL, key, NULL) !=
		1 ||
	    (s->is_pss && (EVP_PKEY_CTX_set_rsa_padding(
			       ctx, RSA_PKCS1_PSS_PADDING) != 1 ||
			      EVP_PKEY_CTX_set_rsa_pss_saltlen(
				  ctx, RSA_PSS_SALTLEN_DIGEST) != 1)) ||
	    EVP_DigestSign(md, signature, &size, data, length) != 1)
		size = 0;
	EVP_MD_CTX_free(md);
	ERR_clear_error();
	return size;
}
