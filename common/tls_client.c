#include "tls_client.h"

#include "tls_provider.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* RFC 6066 3: a HostName has at most 255 octets. */
#define HOST_MAX 256

struct tls_client {
	SSL_CTX *ctx;
};

static int
add_authority(X509_STORE *store, const struct tls_part *part)
{
	const unsigned char *der = part->data;
	X509 *x = d2i_X509(NULL, &der, (long)part->length);
	int result = -1;

	if (x != NULL && X509_STORE_add_cert(store, x) == 1)
		result = 0;
	X509_free(x);
	return result;
}

/* How many authorities there are, or -1. */
static int
add_authorities(SSL_CTX *ctx, const struct tls_files *files)
{
	X509_STORE *store = SSL_CTX_get_cert_store(ctx);
	struct tls_part part;
	size_t at = 0;
	int count = 0;

	while (tls_files_next(files, &at, &part)) {
		if (part.kind != TLS_FILE_TRUST)
			continue;
		if (add_authority(store, &part) == -1)
			return -1;
		count++;
	}
	return count;
}

static SSL_CTX *
new_context(void)
{
	SSL_CTX *ctx =
	    SSL_CTX_new_ex(tls_provider_library(), NULL, TLS_client_method());

	if (ctx == NULL)
		return NULL;
	SSL_CTX_set_security_level(ctx, 2);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_options(
	    ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	/* As for the server's side: an idle connection holds no buffer. */
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS |
				  SSL_MODE_ENABLE_PARTIAL_WRITE |
				  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_clear_mode(ctx, SSL_MODE_AUTO_RETRY);
	SSL_CTX_set_read_ahead(ctx, 1);
	if (SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1)
		return ctx;
	SSL_CTX_free(ctx);
	return NULL;
}

struct tls_client *
tls_client_new(const struct tls_files *files, char *why, size_t size)
{
	struct tls_client *c = calloc(1, sizeof(*c));
	int count = -1;

	if (c != NULL && tls_provider_library() != NULL &&
	    (c->ctx = new_context()) != NULL)
		count = add_authorities(c->ctx, files);
	ERR_clear_error();
	if (count > 0)
		return c;
	snprintf(why, size, "%s",
	    count == 0 ? "the file of authorities has none"
		       : "the file of authorities is broken, or no memory");
	tls_client_free(&c);
	return NULL;
}

void
tls_client_free(struct tls_client **c)
{
	struct tls_client *old = *c;

	*c = NULL;
	if (old == NULL)
		return;
	SSL_CTX_free(old->ctx);
	free(old);
}

/* RFC 6125 6.4, RFC 9525 6: what the certificate has to be for.  A wildcard
 * stands for a whole label. */
static SSL *
new_connection(struct tls_client *c, const char *host)
{
	SSL *ssl = SSL_new(c->ctx);
	char name[HOST_MAX];
	X509_VERIFY_PARAM *param;

	if (ssl == NULL)
		return NULL;
	param = SSL_get0_param(ssl);
	X509_VERIFY_PARAM_set_hostflags(
	    param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	SSL_set_connect_state(ssl);
	if (X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1)
		return ssl;
	/* OpenSSL's macro takes it for something that may be changed. */
	snprintf(name, sizeof(name), "%s", host);
	if (strlen(host) < sizeof(name) && SSL_set1_host(ssl, host) == 1 &&
	    SSL_set_tlsext_host_name(ssl, name) == 1)
		return ssl;
	SSL_free(ssl);
	return NULL;
}

static void
explain(const SSL *ssl, int error, char *why, size_t size)
{
	long verdict = SSL_get_verify_result(ssl);

	if (verdict != X509_V_OK) {
		snprintf(why, size, "certificate: %s",
		    X509_verify_cert_error_string(verdict));
		errno = EACCES;
		return;
	}
	snprintf(why, size, "TLS: %s", strerror(error));
	errno = error;
}

struct tls *
tls_client_connect(struct tls_client *c, struct watch *w, const char *host,
    int64_t deadline, char *why, size_t size)
{
	SSL *ssl = new_connection(c, host);
	struct tls *t;

	ERR_clear_error();
	if (ssl == NULL || SSL_up_ref(ssl) != 1) {
		SSL_free(ssl);
		snprintf(why, size, "TLS: no memory");
		errno = ENOMEM;
		return NULL;
	}
	if ((t = tls_connect(w, ssl, deadline)) == NULL)
		explain(ssl, errno, why, size);
	SSL_free(ssl);
	return t;
}
