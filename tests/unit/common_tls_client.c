/* TLS with other servers: a client's fiber against a server's thread. */
#include "clock.h"
#include "conn.h"
#include "tls_client.h"
#include "tls_files.h"
#include "worker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SOON (20 * CLOCK_SECOND)

/* The server's side, and what the client came to. */
static struct {
	EVP_PKEY *key;
	X509 *certificate;
	struct tls_files files; /* that trust it */
	int version;		/* the server's highest; 0: it hangs up */
	const char *host;
	int fds[2]; /* client, server */
	int result, error;
	char why[160], asked[256], line[16];
} own;

static X509 *
certify(EVP_PKEY *key, const char *names, long days)
{
	X509 *x = X509_new();
	X509_NAME *name = X509_get_subject_name(x);
	X509_EXTENSION *e =
	    X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, names);

	X509_set_version(x, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), -2L * 86400);
	X509_gmtime_adj(X509_getm_notAfter(x), days * 86400);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
	    (const unsigned char *)"cn.example.test", -1, -1, 0);
	X509_set_issuer_name(x, name);
	X509_set_pubkey(x, key);
	X509_add_ext(x, e, -1);
	assert_true(X509_sign(x, key, EVP_sha256()) > 0);
	X509_EXTENSION_free(e);
	return x;
}

static void
trust(X509 *x)
{
	unsigned char *der = NULL;
	int length = i2d_X509(x, &der);
	const uint32_t head[2] = {TLS_FILE_TRUST, (uint32_t)length};

	assert_int_equal(tls_files_append(&own.files, head, sizeof(head)), 0);
	assert_int_equal(tls_files_append(&own.files, der, (size_t)length), 0);
	OPENSSL_free(der);
}

static void
set_up(const char *names, long days)
{
	memset(&own, 0, sizeof(own));
	own.key = EVP_EC_gen("P-256");
	own.certificate = certify(own.key, names, days);
	own.version = TLS1_3_VERSION;
	own.host = "pop.example.test";
}

static void
tear_down(void)
{
	X509_free(own.certificate);
	EVP_PKEY_free(own.key);
	tls_files_free(&own.files);
}

/* Greets who comes so far, and says what he says. */
static void
serve(SSL *ssl)
{
	const char *name;
	int n;

	if (SSL_accept(ssl) != 1)
		return;
	name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	if (name != NULL)
		snprintf(own.asked, sizeof(own.asked), "%s", name);
	n = SSL_read(ssl, own.line, sizeof(own.line) - 1);
	if (n > 0)
		SSL_write(ssl, own.line, n);
	SSL_shutdown(ssl);
}

static void *
server_main(void *arg)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	SSL *ssl;

	(void)arg;
	SSL_CTX_set_security_level(ctx, 0);
	SSL_CTX_use_certificate(ctx, own.certificate);
	SSL_CTX_use_PrivateKey(ctx, own.key);
	SSL_CTX_set_max_proto_version(ctx, own.version);
	ssl = SSL_new(ctx);
	SSL_set_fd(ssl, own.fds[1]);
	if (own.version != 0)
		serve(ssl);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	close(own.fds[1]);
	return NULL;
}

static void
client_main(void *arg)
{
	struct tls_client *c = arg;
	struct conn conn;
	size_t length;
	char *line;

	assert_int_equal(conn_open(&conn, own.fds[0], SOON), 0);
	own.result = conn_be_tls(
	    &conn, c, own.host, clock_after(SOON), own.why, sizeof(own.why));
	own.error = conn_error(&conn);
	assert_int_equal(ERR_peek_error(), 0);
	if (own.result == 0) {
		conn_puts(&conn, "hello\r\n");
		assert_int_equal(conn_read_line(&conn, &line, &length, 100,
				     clock_after(SOON)),
		    CONN_LINE);
		assert_string_equal(line, "hello");
	}
	conn_close(&conn);
	worker_stop();
}

static void
run(void)
{
	char why[160] = "";
	struct tls_client *c = tls_client_new(&own.files, why, sizeof(why));
	pthread_t thread;

	assert_string_equal(why, "");
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, own.fds), 0);
	assert_int_equal(fcntl(own.fds[0], F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(pthread_create(&thread, NULL, server_main, NULL), 0);
	assert_int_equal(worker_run(1, client_main, c), 0);
	pthread_join(thread, NULL);
	tls_client_free(&c);
	assert_null(c);
}

static void
shakes_hands(void **state)
{
	static const int versions[] = {TLS1_3_VERSION, TLS1_2_VERSION};

	(void)state;
	for (int i = 0; i < 2; i++) {
		set_up("DNS:pop.example.test", 30);
		trust(own.certificate);
		own.version = versions[i];
		run();
		assert_int_equal(own.result, 0);
		assert_string_equal(own.asked, "pop.example.test");
		tear_down();
	}
	/* An address is told to nobody (RFC 6066 3), and is in it as such. */
	set_up("IP:192.0.2.1", 30);
	trust(own.certificate);
	own.host = "192.0.2.1";
	run();
	assert_int_equal(own.result, 0);
	assert_string_equal(own.asked, "");
	tear_down();
}

/* Such a server hears nothing of ours. */
static void
fails(int error, const char *why)
{
	run();
	assert_int_equal(own.result, -1);
	assert_int_equal(own.error, error);
	if (strstr(own.why, why) == NULL)
		fail_msg("%s is not %s", own.why, why);
	assert_string_equal(own.line, "");
	tear_down();
}

static void
certificates_that_are_not_good(void **state)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *other = certify(key, "DNS:pop.example.test", 30);

	(void)state;
	set_up("DNS:other.example.test", 30);
	trust(own.certificate);
	fails(EACCES, "hostname mismatch");
	/* RFC 6125 6.4.4: the CN counts for nothing beside other names. */
	set_up("DNS:other.example.test", 30);
	trust(own.certificate);
	own.host = "cn.example.test";
	fails(EACCES, "hostname mismatch");
	set_up("DNS:192.0.2.1", 30);
	trust(own.certificate);
	own.host = "192.0.2.1";
	fails(EACCES, "IP address mismatch");
	set_up("DNS:p*.example.test", 30);
	trust(own.certificate);
	fails(EACCES, "hostname mismatch");
	set_up("DNS:pop.example.test", -1);
	trust(own.certificate);
	fails(EACCES, "expired");
	set_up("DNS:pop.example.test", 30);
	trust(other);
	fails(EACCES, "certificate");
	X509_free(other);
	EVP_PKEY_free(key);
}

static void
servers_that_are_none(void **state)
{
	(void)state;
	set_up("DNS:pop.example.test", 30);
	trust(own.certificate);
	own.version = TLS1_1_VERSION;
	fails(EPROTO, "TLS");
	set_up("DNS:pop.example.test", 30);
	trust(own.certificate);
	own.version = 0;
	run();
	assert_int_equal(own.result, -1);
	assert_string_not_equal(own.why, "");
	tear_down();
}

static void
trusts_nobody_by_accident(void **state)
{
	const uint32_t head[2] = {TLS_FILE_TRUST, 4};
	char why[160] = "";

	(void)state;
	set_up("DNS:pop.example.test", 30);
	assert_null(tls_client_new(&own.files, why, sizeof(why)));
	assert_string_not_equal(why, "");
	tls_files_append(&own.files, head, sizeof(head));
	tls_files_append(&own.files, "junk", 4);
	why[0] = '\0';
	assert_null(tls_client_new(&own.files, why, sizeof(why)));
	assert_string_not_equal(why, "");
	tear_down();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(shakes_hands),
	    cmocka_unit_test(certificates_that_are_not_good),
	    cmocka_unit_test(servers_that_are_none),
	    cmocka_unit_test(trusts_nobody_by_accident),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
