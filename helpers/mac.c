#include "mac.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <stdlib.h>

struct mac {
	EVP_MAC_CTX *ctx;
};

static int
begin(struct mac *m, const void *key, size_t length)
{
	char digest[] = "SHA256";
	const OSSL_PARAM params[] = {
	    OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
	    OSSL_PARAM_construct_end()};
	EVP_MAC *kind = EVP_MAC_fetch(NULL, "HMAC", NULL);

	m->ctx = EVP_MAC_CTX_new(kind);
	EVP_MAC_free(kind);
	return m->ctx != NULL && EVP_MAC_init(m->ctx, key, length, params) == 1
		   ? 0
		   : -1;
}

struct mac *
mac_open(const void *key, size_t length)
{
	struct mac *m = calloc(1, sizeof(*m));

	if (m != NULL && begin(m, key, length) == -1)
		mac_close(&m);
	return m;
}

void
mac_close(struct mac **mp)
{
	struct mac *m = *mp;

	*mp = NULL;
	if (m == NULL)
		return;
	EVP_MAC_CTX_free(m->ctx);
	free(m);
}

int
mac_sum(
    struct mac *m, const void *data, size_t length, unsigned char sum[MAC_SIZE])
{
	size_t size = 0;

	/* Without a key: the same one, from the beginning. */
	return m != NULL && EVP_MAC_init(m->ctx, NULL, 0, NULL) == 1 &&
		       EVP_MAC_update(m->ctx, data, length) == 1 &&
		       EVP_MAC_final(m->ctx, sum, &size, MAC_SIZE) == 1 &&
		       size == MAC_SIZE
		   ? 0
		   : -1;
}
