#include "tls_conf.h"

#include "tls_certificate.h"
#include "tls_provider.h"
#include "tls_tickets.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* RFC 6066 3: a HostName has at most 255 octets. */
#define HOST_MAX 256

/* What we sign with, the cheapest first; nothing with SHA-1.  OpenSSL's macro
 * takes it for something that may be changed. */
static char signatures[] =
    "ecdsa_secp256r1_sha256:ed25519:ecdsa_secp384r1_sha384:"
    "ecdsa_secp521r1_sha512:rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:"
    "rsa_pss_rsae_sha512:rsa_pkcs1_sha256:rsa_pkcs1_sha384:rsa_pkcs1_sha512";

/* A host and the context of its group. */
struct name {
	const char *host; /* of the certificate */
	SSL_CTX *ctx;
};

struct tls_conf {
	struct tls_certificate *certificates;
	size_t count;
	SSL_CTX **groups;
	size_t groups_count;
	struct name *names; /* sorted */
	size_t names_count;
	X509_STORE *clients; /* who vouches for them; NULL: nobody asks */
	STACK_OF(X509_NAME) * client_names;
};

static int
fail(char *why, size_t size, const char *what)
{
	snprintf(why, size, "%s", what);
	ERR_clear_error();
	return -1;
}

/* -- what OpenSSL asks for in a handshake */

static int
compare_names(const void *a, const void *b)
{
	return strcmp(
	    ((const struct name *)a)->host, ((const struct name *)b)->host);
}

static SSL_CTX *
find_host(const struct tls_conf *conf, const char *host)
{
	const struct name wanted = {.host = host};
	const struct name *found = bsearch(&wanted, conf->names,
	    conf->names_count, sizeof(wanted), compare_names);

	return found != NULL ? found->ctx : NULL;
}

/* RFC 6125 6.4.3: a wildcard stands for the whole first label. */
static int
choose_group(SSL *ssl, int *alert, void *arg)
{
	const char *asked = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	const struct tls_conf *conf = arg;
	char host[HOST_MAX + 1];
	char *dot;
	SSL_CTX *ctx;
	size_t i;

	(void)alert;
	if (asked == NULL || strlen(asked) >= HOST_MAX)
		return SSL_TLSEXT_ERR_NOACK;
	for (i = 0; asked[i] != '\0'; i++)
		host[i] = asked[i] >= 'A' && asked[i] <= 'Z'
			      ? (char)(asked[i] + ('a' - 'A'))
			      : asked[i];
	host[i] = '\0';
	ctx = find_host(conf, host);
	if (ctx == NULL && (dot = strchr(host, '.')) != NULL && dot != host) {
		*--dot = '*';
		ctx = find_host(conf, dot);
	}
	if (ctx == NULL)
		return SSL_TLSEXT_ERR_NOACK;
	SSL_set_SSL_CTX(ssl, ctx);
	return SSL_TLSEXT_ERR_OK;
}

/* The certificate that the handshake has chosen. */
static const struct tls_certificate *
chosen(SSL *ssl)
{
	const struct tls_conf *conf =
	    SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
	const X509 *leaf = SSL_get_certificate(ssl);

	for (size_t i = 0; i < conf->count; i++)
		if (conf->certificates[i].leaf == leaf)
			return &conf->certificates[i];
	return NULL;
}

/* RFC 6066 8. */
static int
staple(SSL *ssl, void *arg)
{
	const struct tls_certificate *c = chosen(ssl);
	unsigned char *copy;

	(void)arg;
	if (c == NULL || c->ocsp == NULL ||
	    (copy = OPENSSL_memdup(c->ocsp, c->ocsp_length)) == NULL)
		return SSL_TLSEXT_ERR_NOACK;
	SSL_set_tlsext_status_ocsp_resp(ssl, copy, (long)c->ocsp_length);
	return SSL_TLSEXT_ERR_OK;
}

/* Who takes the session up again sees no certificate; its binding is to the
 * one that was shown then. */
static int
fill_ticket(SSL *ssl, void *arg)
{
	const struct tls_certificate *c = chosen(ssl);
	void *old;
	size_t length;

	(void)arg;
	if (SSL_session_reused(ssl) &&
	    SSL_SESSION_get0_ticket_appdata(
		SSL_get_session(ssl), &old, &length) == 1)
		return 1;
	return c == NULL ||
	       SSL_SESSION_set1_ticket_appdata(SSL_get_session(ssl),
		   c->end_point, c->end_point_length) == 1;
}

/* RFC 8446 C.4: clients of TLS 1.3 use a ticket once, so that each session has
 * to end with a new one. */
static SSL_TICKET_RETURN
open_ticket(SSL *ssl, SSL_SESSION *session, const unsigned char *name,
    size_t length, SSL_TICKET_STATUS status, void *arg)
{
	(void)session;
	(void)name;
	(void)length;
	(void)arg;
	if (status == SSL_TICKET_SUCCESS_RENEW ||
	    (status == SSL_TICKET_SUCCESS &&
		SSL_version(ssl) >= TLS1_3_VERSION))
		return SSL_TICKET_RETURN_USE_RENEW;
	return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE
					    : SSL_TICKET_RETURN_IGNORE_RENEW;
}

/* A certificate that nobody vouches for is as good as none: other servers show
 * what they have, and their mail is to be taken. */
static int
take_any(int is_good, X509_STORE_CTX *store)
{
	(void)is_good;
	(void)store;
	return 1;
}

size_t
tls_conf_end_point(SSL *ssl, unsigned char *to)
{
	const struct tls_certificate *c;
	size_t length;
	void *data;

	if (SSL_session_reused(ssl)) {
		if (SSL_SESSION_get0_ticket_appdata(
			SSL_get_session(ssl), &data, &length) != 1 ||
		    data == NULL || length > TLS_END_POINT_MAX)
			return 0;
		memcpy(to, data, length);
		return length;
	}
	if ((c = chosen(ssl)) == NULL)
		return 0;
	memcpy(to, c->end_point, c->end_point_length);
	return c->end_point_length;
}

/* -- rules */

/* A key exchange that needs a private key to decrypt, or none at all. */
static int
check_ciphers(SSL_CTX *ctx, char *why, size_t size)
{
	const STACK_OF(SSL_CIPHER) *all = SSL_CTX_get_ciphers(ctx);

	for (int i = 0; i < sk_SSL_CIPHER_num(all); i++) {
		const SSL_CIPHER *c = sk_SSL_CIPHER_value(all, i);
		int exchange = SSL_CIPHER_get_kx_nid(c);

		if ((exchange == NID_kx_ecdhe || exchange == NID_kx_any) &&
		    SSL_CIPHER_get_auth_nid(c) != NID_auth_null)
			continue;
		snprintf(why, size,
		    "tls ciphers: %s has no ECDHE with a certificate, and "
		    "keys only sign",
		    SSL_CIPHER_get_name(c));
		return -1;
	}
	return 0;
}

static int
set_algorithms(
    SSL_CTX *ctx, const struct tls_settings *s, char *why, size_t size)
{
	if (SSL_CTX_set_min_proto_version(ctx,
		s->minimum == TLS_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION) != 1 ||
	    SSL_CTX_set1_sigalgs_list(ctx, signatures) != 1)
		return fail(why, size, "no memory");
	/* Each was checked by its row. */
	if (SSL_CTX_set_cipher_list(ctx, s->ciphers) != 1 ||
	    SSL_CTX_set_ciphersuites(ctx, s->ciphersuites) != 1 ||
	    SSL_CTX_set1_groups_list(ctx, s->groups) != 1)
		return fail(why, size, "tls: no memory for its lists");
	return check_ciphers(ctx, why, size);
}

static void
set_sessions(SSL_CTX *ctx, const struct tls_settings *s)
{
	static const unsigned char context[] = "ringmail";

	SSL_CTX_set_session_id_context(ctx, context, sizeof(context) - 1);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(ctx, s->tickets ? 1 : 0);
	if (!s->tickets) {
		SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
		return;
	}
	tls_tickets_use(ctx, s->ticket_key);
	SSL_CTX_set_session_ticket_cb(ctx, fill_ticket, open_ticket, NULL);
}

static SSL_CTX *
new_group(
    struct tls_conf *conf, const struct tls_settings *s, char *why, size_t size)
{
	SSL_CTX *ctx =
	    SSL_CTX_new_ex(tls_provider_library(), NULL, TLS_server_method());

	if (ctx == NULL) {
		fail(why, size, "no memory for TLS");
		return NULL;
	}
	SSL_CTX_set_app_data(ctx, conf);
	SSL_CTX_set_security_level(ctx, 2);
	SSL_CTX_set_options(ctx,
	    SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
		SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
	/* An idle connection holds no buffer; a write may be cut short, and go
	 * on from another place. */
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS |
				  SSL_MODE_ENABLE_PARTIAL_WRITE |
				  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_clear_mode(ctx, SSL_MODE_AUTO_RETRY);
	SSL_CTX_set_read_ahead(ctx, 1);
	SSL_CTX_set_tlsext_servername_callback(ctx, choose_group);
	SSL_CTX_set_tlsext_servername_arg(ctx, conf);
	SSL_CTX_set_tlsext_status_cb(ctx, staple);
	set_sessions(ctx, s);
	if (set_algorithms(ctx, s, why, size) == 0)
		return ctx;
	SSL_CTX_free(ctx);
	return NULL;
}

/* -- making it */

static int
add_client_ca(struct tls_conf *conf, const struct tls_part *part)
{
	const unsigned char *der = part->data;
	X509 *x = d2i_X509(NULL, &der, (long)part->length);
	X509_NAME *name =
	    x != NULL ? X509_NAME_dup(X509_get_subject_name(x)) : NULL;
	int result = -1;

	if (conf->clients == NULL) {
		conf->clients = X509_STORE_new();
		conf->client_names = sk_X509_NAME_new_null();
	}
	if (name != NULL && conf->clients != NULL &&
	    conf->client_names != NULL &&
	    X509_STORE_add_cert(conf->clients, x) == 1 &&
	    sk_X509_NAME_push(conf->client_names, name) > 0) {
		name = NULL;
		result = 0;
	}
	X509_NAME_free(name);
	X509_free(x);
	return result;
}

static int
take_part(struct tls_conf *conf, const struct tls_part *part,
    const struct tls_part *file, char *why, size_t size)
{
	struct tls_certificate *last =
	    conf->count > 0 ? &conf->certificates[conf->count - 1] : NULL;
	int result = -1;

	if (part->kind == TLS_FILE_LEAF && file->data != NULL &&
	    conf->count < TLS_CERTIFICATES_MAX)
		return tls_certificate_begin(&conf->certificates[conf->count++],
		    (const char *)file->data, file->length, part->data,
		    part->length, why, size);
	if (part->kind == TLS_FILE_CHAIN && last != NULL)
		result = tls_certificate_chain(last, part->data, part->length);
	else if (part->kind == TLS_FILE_OCSP && last != NULL)
		result = tls_certificate_ocsp(last, part->data, part->length);
	else if (part->kind == TLS_FILE_CA)
		result = add_client_ca(conf, part);
	else if (part->kind == TLS_FILE_TRUST)
		result = 0; /* tls_client.c's */
	return result == 0 ? 0
			   : fail(why, size, "tls: a certificate is broken");
}

static int
take_files(struct tls_conf *conf, const struct tls_files *files, char *why,
    size_t size)
{
	struct tls_part part, file = {0};
	size_t at = 0;

	conf->certificates =
	    calloc(TLS_CERTIFICATES_MAX, sizeof(*conf->certificates));
	if (conf->certificates == NULL)
		return fail(why, size, "no memory");
	while (tls_files_next(files, &at, &part))
		if (part.kind == TLS_FILE_NAME)
			file = part;
		else if (take_part(conf, &part, &file, why, size) == -1)
			return -1;
	if (conf->count == 0)
		return fail(why, size, "tls: there is no certificate");
	return 0;
}

static int
use(SSL_CTX *ctx, const struct tls_certificate *c, char *why, size_t size)
{
	if (SSL_CTX_use_cert_and_key(ctx, c->leaf, c->key, c->chain, 0) == 1)
		return 0;
	snprintf(why, size, "%.160s: can't be used: %s", c->file,
	    ERR_reason_error_string(ERR_peek_last_error()));
	ERR_clear_error();
	return -1;
}

static void
add_names(struct tls_conf *conf, const struct tls_certificate *c, SSL_CTX *ctx)
{
	for (size_t i = 0; i < c->names_count; i++)
		conf->names[conf->names_count++] =
		    (struct name){.host = c->names[i], .ctx = ctx};
}

/* The first certificate of a group and those that belong to it. */
static int
make_group(struct tls_conf *conf, const struct tls_settings *settings,
    size_t first, char *done, char *why, size_t size)
{
	struct tls_certificate *all = conf->certificates;
	SSL_CTX *ctx = new_group(conf, settings, why, size);

	if (ctx == NULL)
		return -1;
	conf->groups[conf->groups_count++] = ctx;
	if (conf->clients != NULL && settings->clients != TLS_CLIENTS_OFF) {
		SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, take_any);
		SSL_CTX_set1_cert_store(ctx, conf->clients);
		SSL_CTX_set_client_CA_list(
		    ctx, SSL_dup_CA_list(conf->client_names));
	}
	if (use(ctx, &all[first], why, size) == -1)
		return -1;
	done[first] = 1;
	add_names(conf, &all[first], ctx);
	for (size_t i = first + 1; i < conf->count; i++) {
		if (done[i] || !tls_certificate_is_twin(&all[first], &all[i]))
			continue;
		/* A third of a kind that is there already: on its own. */
		if (use(ctx, &all[i], why, size) == -1)
			continue;
		done[i] = 1;
	}
	return 0;
}

static int
make_groups(struct tls_conf *conf, const struct tls_settings *settings,
    char *why, size_t size)
{
	char done[TLS_CERTIFICATES_MAX] = {0};
	size_t i, count = 0;

	for (i = 0; i < conf->count; i++)
		count += conf->certificates[i].names_count;
	conf->groups = calloc(conf->count + 1, sizeof(SSL_CTX *));
	conf->names = calloc(count + 1, sizeof(*conf->names));
	if (conf->groups == NULL || conf->names == NULL)
		return fail(why, size, "no memory");
	for (i = 0; i < conf->count; i++)
		if (!done[i] &&
		    make_group(conf, settings, i, done, why, size) == -1)
			return -1;
	if (conf->names_count > 1)
		qsort(conf->names, conf->names_count, sizeof(*conf->names),
		    compare_names);
	return 0;
}

struct tls_conf *
tls_conf_new(const struct tls_settings *settings, const struct tls_files *files,
    char *why, size_t size)
{
	struct tls_conf *conf = calloc(1, sizeof(*conf));

	if (conf == NULL || tls_provider_library() == NULL) {
		free(conf);
		fail(why, size, "no memory for TLS");
		return NULL;
	}
	if (take_files(conf, files, why, size) == 0 &&
	    make_groups(conf, settings, why, size) == 0) {
		ERR_clear_error();
		return conf;
	}
	tls_conf_free(&conf);
	return NULL;
}

void
tls_conf_free(struct tls_conf **conf)
{
	struct tls_conf *c = *conf;

	*conf = NULL;
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->groups_count; i++)
		SSL_CTX_free(c->groups[i]);
	for (size_t i = 0; i < c->count; i++)
		tls_certificate_free(&c->certificates[i]);
	X509_STORE_free(c->clients);
	sk_X509_NAME_pop_free(c->client_names, X509_NAME_free);
	free(c->certificates);
	free(c->groups);
	free(c->names);
	free(c);
}

SSL *
tls_conf_connection(struct tls_conf *conf)
{
	SSL *ssl = SSL_new(conf->groups[0]);

	if (ssl != NULL)
		SSL_set_accept_state(ssl);
	return ssl;
}
