/* TLS of connections: a server's fiber against a client's thread, with keys of
 * each kind that somebody else holds. */

#include "clock.h"
#include "conn.h"
#include "fiber.h"
#include "tls_conf.h"
#include "tls_offload.h"
#include "tls_provider.h"
#include "tls_sign.h"
#include "worker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define SOON	 (20 * CLOCK_SECOND)
#define BIG_FILE ((size_t)300000)

/* What a test does on each side, and what it finds. */
static struct {
	EVP_PKEY *key; /* private; the "keys helper" has it */
	struct tls_conf *conf;
	int fds[2]; /* server, client */
	int version, has_partner;
	void (*server)(struct conn *c);
	void (*client)(SSL *ssl);
	SSL_CTX *ctx;
	SSL_SESSION *session;  /* to be taken up */
	int signatures, fails; /* of the signer */
	unsigned char binding[2][TLS_BINDING_MAX];
} own;

/* Primes take their time: one key of RSA is enough for all tests. */
static EVP_PKEY *rsa;

static EVP_PKEY *
make_key(const char *kind)
{
	if (strcmp(kind, "RSA") == 0) {
		if (rsa == NULL)
			rsa = EVP_RSA_gen(2048);
		return EVP_PKEY_up_ref(rsa) ? rsa : NULL;
	}
	if (strcmp(kind, "EC") == 0)
		return EVP_EC_gen("P-256");
	return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
}

static X509 *
certify(EVP_PKEY *key)
{
	X509 *x = X509_new();
	X509_NAME *name = X509_get_subject_name(x);
	const EVP_MD *md = EVP_PKEY_is_a(key, "ED25519") ? NULL : EVP_sha256();

	X509_set_version(x, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), 0);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
	    (const unsigned char *)"mx.example.test", -1, -1, 0);
	X509_set_issuer_name(x, name);
	X509_set_pubkey(x, key);
	assert_true(X509_sign(x, key, md) > 0);
	return x;
}

static void
put(struct tls_files *f, enum tls_file kind, const void *data, size_t length)
{
	const uint32_t head[2] = {kind, (uint32_t)length};

	assert_int_equal(tls_files_append(f, head, sizeof(head)), 0);
	assert_int_equal(tls_files_append(f, data, length), 0);
}

static void
set_up(const char *kind)
{
	char ciphers[] = TLS_CIPHERS, suites[] = TLS_CIPHERSUITES;
	char groups[] = TLS_GROUPS, none[] = "", why[256] = "";
	const struct tls_settings settings = {.ciphers = ciphers,
	    .ciphersuites = suites,
	    .groups = groups,
	    .client_ca = none,
	    .tickets = 1,
	    .ticket_key = 3600 * CLOCK_SECOND};
	struct tls_files files = {0};
	unsigned char *der = NULL;
	X509 *x;
	int length, has_partner = own.has_partner;

	memset(&own, 0, sizeof(own));
	own.has_partner = has_partner;
	own.version = TLS1_3_VERSION;
	own.key = make_key(kind);
	x = certify(own.key);
	length = i2d_X509(x, &der);
	put(&files, TLS_FILE_NAME, "mx.pem", 6);
	put(&files, TLS_FILE_LEAF, der, (size_t)length);
	own.conf = tls_conf_new(&settings, &files, why, sizeof(why));
	assert_string_equal(why, "");
	assert_non_null(own.conf);
	own.ctx = SSL_CTX_new(TLS_client_method());
	tls_files_free(&files);
	OPENSSL_free(der);
	X509_free(x);
}

static void
tear_down(void)
{
	tls_conf_free(&own.conf);
	SSL_SESSION_free(own.session);
	SSL_CTX_free(own.ctx);
	EVP_PKEY_free(own.key);
}

/* In the place of the keys helper; others run meanwhile. */
static size_t
sign(const unsigned char name[TLS_KEY_NAME], unsigned scheme, const void *data,
    size_t length, unsigned char *signature, int64_t deadline)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *ctx;
	size_t size = TLS_SIGNATURE_MAX;
	const EVP_MD *digest = scheme == 0x0807 ? NULL : EVP_sha256();

	(void)name;
	assert_true(deadline > clock_now());
	own.signatures++;
	fiber_yield();
	if (own.fails ||
	    EVP_DigestSignInit(md, &ctx, digest, NULL, own.key) != 1)
		size = 0;
	if (size > 0 && scheme == 0x0804)
		assert_true(EVP_PKEY_CTX_set_rsa_padding(
				ctx, RSA_PKCS1_PSS_PADDING) > 0 &&
			    EVP_PKEY_CTX_set_rsa_pss_saltlen(
				ctx, RSA_PSS_SALTLEN_DIGEST) > 0);
	if (size > 0 && EVP_DigestSign(md, signature, &size, data, length) != 1)
		size = 0;
	EVP_MD_CTX_free(md);
	errno = ECONNREFUSED;
	return size;
}

static void *
client_main(void *arg)
{
	SSL *ssl = SSL_new(own.ctx);

	(void)arg;
	SSL_set_fd(ssl, own.fds[1]);
	SSL_set_max_proto_version(ssl, own.version);
	if (own.session != NULL)
		SSL_set_session(ssl, own.session);
	own.client(ssl);
	SSL_free(ssl);
	close(own.fds[1]);
	return NULL;
}

static void
first_fiber(void *arg)
{
	static const struct tls_signer signer = {sign};
	struct conn conn;

	(void)arg;
	tls_sign_with(&signer);
	if (tls_offload_is_partner()) {
		tls_offload_serve();
		return;
	}
	assert_int_equal(conn_open(&conn, own.fds[0], SOON), 0);
	own.server(&conn);
	assert_int_equal(ERR_peek_error(), 0);
	conn_close(&conn);
	if (tls_offload_is_there())
		tls_offload_end();
	worker_stop();
}

static void
run(void (*server)(struct conn *), void (*client)(SSL *))
{
	pthread_t thread;
	int on = 1;

	own.server = server;
	own.client = client;
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, own.fds), 0);
	assert_int_equal(ioctl(own.fds[0], FIONBIO, &on), 0);
	assert_int_equal(pthread_create(&thread, NULL, client_main, NULL), 0);
	if (own.has_partner)
		assert_int_equal(tls_offload_begin(1), 0);
	assert_int_equal(
	    worker_run(own.has_partner ? 2 : 1, first_fiber, NULL), 0);
	tls_offload_free();
	pthread_join(thread, NULL);
}

/* -- what both say */

static void
expect(struct conn *c, const char *wanted)
{
	size_t length;
	char *line;

	assert_int_equal(
	    conn_read_line(c, &line, &length, 100, clock_after(SOON)),
	    CONN_LINE);
	assert_string_equal(line, wanted);
}

static void
serve_file(struct conn *c)
{
	char name[] = "/tmp/ringmail-tls-XXXXXX";
	char *block = malloc(BIG_FILE);
	int fd = mkstemp(name);

	assert_int_not_equal(fd, -1);
	unlink(name);
	memset(block, 'f', BIG_FILE);
	assert_int_equal(write(fd, block, BIG_FILE), BIG_FILE);
	conn_puts(c, "head\n");
	assert_int_equal(conn_send_file(c, fd, 0, BIG_FILE), 0);
	conn_write(c, block, BIG_FILE);
	assert_int_equal(conn_flush(c), 0);
	close(fd);
	free(block);
}

static void
serve(struct conn *c)
{
	struct tls_info info;

	assert_int_equal(conn_start_tls(c, own.conf, clock_after(SOON)), 0);
	conn_tls_info(c, &info);
	assert_string_equal(info.version,
	    own.version == TLS1_3_VERSION ? "TLSv1.3" : "TLSv1.2");
	assert_string_equal(info.group, "X25519");
	assert_int_equal(info.is_resumed, own.session != NULL);
	expect(c, "hello");
	expect(c, "again");
	assert_int_equal(conn_tls_binding(c, TLS_EXPORTER, own.binding[0]), 32);
	conn_tls_binding(c, TLS_SERVER_END_POINT, own.binding[1]);
	serve_file(c);
	expect(c, "bye");
}

static void
read_all(SSL *ssl, size_t length)
{
	char block[8192];
	int n;

	while (length > 0) {
		n = SSL_read(ssl, block,
		    (int)(length < sizeof(block) ? length : sizeof(block)));
		if (n <= 0)
			abort();
		length -= (size_t)n;
	}
}

static void
say(SSL *ssl, const char *text)
{
	if (SSL_write(ssl, text, (int)strlen(text)) <= 0)
		abort();
}

/* Asserts belong to the first thread: this one aborts. */
static void
talk(SSL *ssl)
{
	unsigned char binding[32];

	if (SSL_connect(ssl) != 1)
		abort();
	say(ssl, "hello\r\nag");
	say(ssl, "ain\r\n");
	read_all(ssl, 5 + 2 * BIG_FILE);
	if (SSL_export_keying_material(ssl, binding, 32,
		"EXPORTER-Channel-Binding", 24, (const unsigned char *)"", 0,
		1) != 1 ||
	    memcmp(binding, own.binding[0], 32) != 0)
		abort();
	if (own.session == NULL)
		own.session = SSL_get1_session(ssl);
	say(ssl, "bye\r\n");
	SSL_shutdown(ssl);
}

static void
each_kind(const char *kind, int version)
{
	unsigned char end_point[TLS_BINDING_MAX];

	set_up(kind);
	own.version = version;
	run(serve, talk);
	assert_int_equal(own.signatures, 1);
	memcpy(end_point, own.binding[1], sizeof(end_point));
	memset(own.binding, 0, sizeof(own.binding));
	run(serve, talk);
	assert_int_equal(own.signatures, 1);
	/* Who takes a session up is bound to the certificate of its start. */
	assert_memory_equal(end_point, own.binding[1], sizeof(end_point));
	tear_down();
}

static void
keys_of_each_kind(void **state)
{
	(void)state;
	each_kind("EC", TLS1_3_VERSION);
	each_kind("EC", TLS1_2_VERSION);
	each_kind("RSA", TLS1_3_VERSION);
	each_kind("RSA", TLS1_2_VERSION);
	each_kind("ED25519", TLS1_3_VERSION);
}

/* -- what goes wrong */

static void
fail_to_start(struct conn *c)
{
	assert_int_equal(
	    conn_start_tls(c, own.conf, clock_after(CLOCK_SECOND / 5)), -1);
	assert_false(conn_is_tls(c));
	own.fails = conn_error(c);
}

static void
connect_in_vain(SSL *ssl)
{
	if (SSL_connect(ssl) == 1)
		abort();
}

static void
say_nothing(SSL *ssl)
{
	char octet;

	(void)!read(SSL_get_fd(ssl), &octet, 1);
}

static void
hang_up(SSL *ssl)
{
	shutdown(SSL_get_fd(ssl), SHUT_RDWR);
}

static void
drain(SSL *ssl)
{
	char answer[64];

	while (read(SSL_get_fd(ssl), answer, sizeof(answer)) > 0)
		;
}

static void
say_junk(SSL *ssl)
{
	(void)!write(SSL_get_fd(ssl), "EHLO x\r\n", 8);
	drain(ssl);
}

static void
handshakes_that_fail(void **state)
{
	(void)state;
	set_up("EC");
	own.fails = 1;
	run(fail_to_start, connect_in_vain);
	assert_int_equal(own.fails, EIO);
	run(fail_to_start, say_nothing);
	assert_int_equal(own.fails, ETIMEDOUT);
	run(fail_to_start, hang_up);
	assert_int_equal(own.fails, ECONNRESET);
	run(fail_to_start, say_junk);
	assert_int_equal(own.fails, EPROTO);
	tear_down();
}

static void
serve_injected(struct conn *c)
{
	expect(c, "STARTTLS");
	fail_to_start(c);
}

static void
inject(SSL *ssl)
{
	(void)!write(SSL_get_fd(ssl), "STARTTLS\r\nRSET\r\n", 16);
}

static void
serve_forever(struct conn *c)
{
	size_t length;
	char *line;

	assert_int_equal(conn_start_tls(c, own.conf, clock_after(SOON)), 0);
	assert_int_equal(
	    conn_read_line(c, &line, &length, 100, clock_after(SOON)),
	    CONN_LINE_FAILED);
	own.fails = conn_error(c);
}

/* Each costs the server more than the client. */
static void
change_keys(SSL *ssl)
{
	if (SSL_connect(ssl) != 1)
		abort();
	for (int i = 0; i < 4000; i++)
		if (SSL_key_update(ssl, SSL_KEY_UPDATE_NOT_REQUESTED) != 1 ||
		    SSL_do_handshake(ssl) != 1)
			break;
	drain(ssl);
}

static void
cut_off(SSL *ssl)
{
	if (SSL_connect(ssl) != 1)
		abort();
	say(ssl, "half a li");
	shutdown(SSL_get_fd(ssl), SHUT_WR);
	drain(ssl);
}

static void
clients_that_mean_no_good(void **state)
{
	(void)state;
	set_up("EC");
	run(serve_injected, inject);
	assert_int_equal(own.fails, EPROTO);
	own.fails = 0;
	run(serve_forever, change_keys);
	assert_int_equal(own.fails, EPROTO);
	own.fails = 0;
	run(serve_forever, cut_off);
	assert_int_equal(own.fails, ECONNRESET);
	tear_down();
}

/* All handshakes of the tests that follow run on another worker. */
static void
from_here_on_aside(void **state)
{
	(void)state;
	own.has_partner = 1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(keys_of_each_kind),
	    cmocka_unit_test(handshakes_that_fail),
	    cmocka_unit_test(clients_that_mean_no_good),
	    cmocka_unit_test(from_here_on_aside),
	    cmocka_unit_test(keys_of_each_kind),
	    cmocka_unit_test(handshakes_that_fail),
	    cmocka_unit_test(clients_that_mean_no_good),
	};
	int failed;

	signal(SIGPIPE, SIG_IGN);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	EVP_PKEY_free(rsa);
	return failed;
}
