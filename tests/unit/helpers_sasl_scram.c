/*
 * Tests of helpers/sasl_scram.c: a client of the test's own, which can lie in
 * each field (RFC 5802, RFC 5929, RFC 9266).
 */
#include "sasl_talk.h"

#include "../../helpers/hash.h"
#include "base64.h"

#include <openssl/evp.h>

/* What the client says, where it is not what it should say. */
static struct client {
	const char *mechanism;
	const char *binding;	     /* the name in the first message */
	const unsigned char *octets; /* what it binds to */
	const char *password;
	const char *header;  /* in c=, where it differs from the first one */
	unsigned iterations; /* that it believes, 0: what it was told */
	int nonce;	     /* 1: another nonce; 2: one that goes on */
	int proof;	     /* 1: a bit is wrong; 2: it is short */
} honest;

static void
hmac(const struct client *c, const unsigned char *key, const char *text,
    unsigned char *to)
{
	size_t size, length = strstr(c->mechanism, "256") != NULL ? 32 : 20;

	assert_non_null(EVP_Q_mac(NULL, "HMAC", NULL,
	    length == 32 ? "SHA256" : "SHA1", NULL, key, length,
	    (const unsigned char *)text, strlen(text), to, 32, &size));
}

/* The client's key and the server's, from what the server said. */
static void
derive(const struct client *c, const char *server_first,
    unsigned char *client_key, struct record_scram *s)
{
	int is_256 = strstr(c->mechanism, "256") != NULL;
	const EVP_MD *md = is_256 ? EVP_sha256() : EVP_sha1();
	const char *at = strstr(server_first, ",s=") + 3;
	unsigned char salt[32], salted[32];
	size_t length;

	assert_int_equal(
	    base64_decode(at, strcspn(at, ","), salt, sizeof(salt), &length),
	    0);
	s->iterations =
	    (uint32_t)strtoul(strstr(server_first, ",i=") + 3, NULL, 10);
	assert_true(s->iterations >= 4096);
	if (c->iterations != 0)
		s->iterations = c->iterations;
	hash_scram(is_256 ? "SHA256" : "SHA1", c->password, salt, length, s);
	PKCS5_PBKDF2_HMAC(c->password, (int)strlen(c->password), salt,
	    (int)length, (int)s->iterations, md, s->length, salted);
	hmac(c, salted, "Client Key", client_key);
}

static void
bind_to(const struct client *c, const char *header, char *text)
{
	unsigned char all[256];
	size_t n = strlen(header);

	memcpy(all, header, n);
	memcpy(all + n, c->octets, 32);
	base64_encode(all, n + 32, text);
}

/* The second message; signature: what the server is to say. */
static int
prove(int fd, const struct client *c, const char *header, const char *bare,
    char *signature)
{
	unsigned char key[32], proof[32], mac[32];
	char first[512], final[700], all[1400], bound[300], nonce[200];
	struct record_scram s;

	snprintf(first, sizeof(first), "%.500s", said.challenge);
	derive(c, first, key, &s);
	snprintf(nonce, sizeof(nonce), "%.*s%s", (int)strcspn(first + 2, ","),
	    first + 2, c->nonce == 2 ? "x" : "");
	if (c->nonce == 1)
		nonce[strlen(nonce) - 1] ^= 1;
	bind_to(c, c->header != NULL ? c->header : header, bound);
	snprintf(final, sizeof(final), "c=%s,r=%s", bound, nonce);
	snprintf(all, sizeof(all), "%s,%s,%s", bare, first, final);
	hmac(c, s.stored, all, mac);
	for (int i = 0; i < s.length; i++)
		proof[i] = key[i] ^ mac[i];
	proof[5] ^= c->proof == 1;
	strcat(final, ",p=");
	base64_encode(proof, s.length - (c->proof == 2), final + strlen(final));
	hmac(c, s.server, all, mac);
	strcpy(signature, "v=");
	base64_encode(mac, s.length, signature + 2);
	return next(fd, final, -1);
}

static int
talk(int fd, const struct client *c, const char *who)
{
	char header[100], bare[100], first[256], signature[64];
	int result;

	snprintf(header, sizeof(header), "p=%s,,", c->binding);
	snprintf(bare, sizeof(bare), "n=%s,r=clientnonce", who);
	snprintf(first, sizeof(first), "%s%s", header, bare);
	result = begin(fd, c->mechanism, first, -1);
	if (result != SASL_CHALLENGE)
		return result;
	assert_memory_equal(said.challenge, "r=clientnonce", 13);
	result = prove(fd, c, header, bare, signature);
	if (result != SASL_CHALLENGE)
		return result;
	/* The server proves that it knows the password too. */
	assert_string_equal(said.challenge, signature);
	return next(fd, "", 0);
}

static int fd;

static int
begin_test(void **state)
{
	int result = set_up(state);

	sasl_talk_reset();
	honest = (struct client){.mechanism = "SCRAM-SHA-256-PLUS",
	    .binding = "tls-exporter",
	    .octets = channel.exporter,
	    .password = "s3cret"};
	fd = connect_to("smtpd");
	add_user("ann@example.org", "s3cret");
	return result;
}

static int
end_test(void **state)
{
	close(fd);
	return tear_down(state);
}

static void
test_bindings(void **state)
{
	static const char *const mechanisms_plus[] = {
	    "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS"};
	struct client c = honest;

	(void)state;
	for (int i = 0; i < 2; i++) {
		c = honest;
		c.mechanism = mechanisms_plus[i];
		assert_int_equal(talk(fd, &c, "ann"), SASL_OK);
		c.binding = "tls-server-end-point";
		assert_int_equal(talk(fd, &c, "ann"), SASL_DENIED);
		c.octets = channel.end_point;
		assert_int_equal(talk(fd, &c, "ann"), SASL_OK);
		c.binding = "tls-exporter";
		assert_int_equal(talk(fd, &c, "ann"), SASL_DENIED);
		c.binding = "tls-unique";
		assert_int_equal(talk(fd, &c, "ann"), SASL_BAD);
		c.binding = "";
		assert_int_equal(talk(fd, &c, "ann"), SASL_BAD);
	}
	c = honest;
	channel.exporter_length = 0;
	assert_int_equal(talk(fd, &c, "ann"), SASL_BAD);
}

static void
test_lies(void **state)
{
	struct client c = honest;

	(void)state;
	c.header = "p=tls-server-end-point,,";
	assert_int_equal(talk(fd, &c, "ann"), SASL_DENIED);
	c.header = "p=tls-exporter,a=ann,";
	assert_int_equal(talk(fd, &c, "ann"), SASL_DENIED);
	c.header = "n,,";
	assert_int_equal(talk(fd, &c, "ann"), SASL_DENIED);
	c = honest;
	c.nonce = 1;
	assert_int_equal(talk(fd, &c, "ann"), SASL_DENIED);
	c.nonce = 2;
	assert_int_equal(talk(fd, &c, "ann"), SASL_DENIED);
	c = honest;
	c.proof = 1;
	assert_int_equal(talk(fd, &c, "ann"), SASL_DENIED);
	c.proof = 2;
	assert_int_equal(talk(fd, &c, "ann"), SASL_BAD);
	c = honest;
	c.iterations = 1; /* as somebody on the way would have it */
	assert_int_equal(talk(fd, &c, "ann"), SASL_DENIED);
	c = honest;
	c.password = "S3cret";
	assert_int_equal(talk(fd, &c, "ann"), SASL_DENIED);
	assert_int_equal(talk(fd, &honest, "eve"), SASL_DENIED);
	assert_int_equal(talk(fd, &honest, "ann"), SASL_OK);
}

static void
test_names(void **state)
{
	(void)state;
	assert_int_equal(talk(fd, &honest, "ANN@Example.org"), SASL_OK);
	assert_int_equal(talk(fd, &honest, "a=3Dn"), SASL_DENIED);
	assert_int_equal(talk(fd, &honest, "a=2Cn"), SASL_DENIED);
	assert_int_equal(talk(fd, &honest, "a=n"), SASL_BAD);
	assert_int_equal(talk(fd, &honest, "a=2"), SASL_BAD);
	assert_int_equal(talk(fd, &honest, "\xff"), SASL_BAD);
}

/* Messages of no such form, in the first place and in the second. */
static void
test_malformed(void **state)
{
	static const char *const firsts[] = {"", "p", "p=", "p=tls-exporter",
	    "p=tls-exporter,", "p=tls-exporter,,", "p=tls-exporter,,n=ann",
	    "p=tls-exporter,,n=ann,r=", "p=tls-exporter,,r=x,n=ann",
	    "p=tls-exporter,,m=x,n=ann,r=y", "p=tls-exporter,a,n=ann,r=y",
	    "p=tls-exporter,b=c,n=ann,r=y", ",,n=ann,r=y", "x,,n=ann,r=y",
	    NULL};
	static const char *const finals[] = {"", "c",
	    "c=", "c=,r=", "c=,r=,p=", "r=x,c=y,p=AAAA", "c=biws,r=x",
	    ",p=", "c=!,r=x,p=AA==", NULL};
	char large[2000];

	(void)state;
	for (int i = 0; firsts[i] != NULL; i++)
		assert_int_equal(
		    begin(fd, honest.mechanism, firsts[i], -1), SASL_BAD);
	memset(large, 'x', sizeof(large));
	memcpy(large, "p=tls-exporter,,n=ann,r=", 24);
	assert_int_equal(
	    begin(fd, honest.mechanism, large, sizeof(large)), SASL_BAD);
	assert_int_equal(begin(fd, honest.mechanism, large, 1020), SASL_BAD);
	assert_int_equal(
	    begin(fd, honest.mechanism, "p=tls-exporter,,n=a\0,r=y", 24),
	    SASL_BAD);
	for (int i = 0; finals[i] != NULL; i++) {
		assert_int_equal(begin(fd, honest.mechanism,
				     "p=tls-exporter,,n=ann,r=y", -1),
		    SASL_CHALLENGE);
		assert_int_equal(next(fd, finals[i], -1), SASL_BAD);
	}
}

/* RFC 5802 9: who is nobody gets a salt that stays the same. */
static void
test_nobody_looks_like_somebody(void **state)
{
	char salts[4][64];
	const char *const names[] = {"ann", "ann", "nobody", "nobody"};

	(void)state;
	for (int i = 0; i < 4; i++) {
		char first[64];

		snprintf(first, sizeof(first), "n,,n=%s,r=y", names[i]);
		channel.exporter_length = channel.end_point_length = 0;
		assert_int_equal(
		    begin(fd, "SCRAM-SHA-256", first, -1), SASL_CHALLENGE);
		snprintf(salts[i], sizeof(salts[i]), "%s",
		    strstr(said.challenge, ",s="));
		if (i == 1) {
			stop(SIGKILL, 0);
			start();
			close(fd);
			fd = connect_to("smtpd");
		}
	}
	assert_string_equal(salts[0], salts[1]);
	assert_string_equal(salts[2], salts[3]);
	assert_int_equal(strlen(salts[0]), strlen(salts[2]));
	assert_string_equal(strstr(salts[0], ",i="), strstr(salts[2], ",i="));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin_test, end_test)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(test_bindings),
	    CASE(test_lies),
	    CASE(test_names),
	    CASE(test_malformed),
	    CASE(test_nobody_looks_like_somebody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
