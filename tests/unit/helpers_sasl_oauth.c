/*
 * Tests of helpers/sasl_oauth.c and token.c: tokens that the test signs, and
 * such as nobody should believe (RFC 7628, RFC 7519, RFC 8725).
 */
#include "sasl_talk.h"

#include "../../helpers/token.h"

#include <cjose/cjose.h>
#include <time.h>

static cjose_jwk_t *rsa, *ec, *stranger;
static int fd;

static void
write_keys(const char *path)
{
	cjose_err error;
	char *one = cjose_jwk_to_json(rsa, false, &error);
	char *two = cjose_jwk_to_json(ec, false, &error);
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	/* Among them one that is none for signatures, and a secret. */
	fprintf(file,
	    "{\"keys\":[%s,%s,{\"kty\":\"oct\",\"k\":\"c2VjcmV0\"},"
	    "{\"kty\":\"RSA\",\"use\":\"enc\",\"n\":\"AQAB\",\"e\":\"AQAB\"}]}",
	    one, two);
	fclose(file);
	free(one);
	free(two);
}

/* accounts and the hashers begin anew, with a key set. */
static int
begin_test(void **state)
{
	cjose_err error;

	/* Primes take their time: one is enough for all tests. */
	if (rsa == NULL)
		rsa = cjose_jwk_create_RSA_random(
		    2048, (const uint8_t *)"\1\0\1", 3, &error);
	ec = cjose_jwk_create_EC_random(CJOSE_JWK_EC_P_256, &error);
	stranger = cjose_jwk_create_EC_random(CJOSE_JWK_EC_P_256, &error);
	if (rsa == NULL || ec == NULL || stranger == NULL ||
	    !cjose_jwk_set_kid(rsa, "one", 3, &error) ||
	    !cjose_jwk_set_kid(ec, "two", 3, &error) ||
	    !cjose_jwk_set_kid(stranger, "two", 3, &error))
		return -1;
	snprintf(keys, sizeof(keys), "/tmp/ringmail-keys-%d", (int)getpid());
	write_keys(keys);
	if (set_up(state) != 0)
		return -1;
	sasl_talk_reset();
	add_user("ann@example.org", "s3cret");
	fd = connect_to("smtpd");
	return 0;
}

static int
end_test(void **state)
{
	cjose_jwk_release(ec);
	cjose_jwk_release(stranger);
	unlink(keys);
	close(fd);
	return tear_down(state);
}

/* A token of these claims; the caller frees it. */
static char *
sign(cjose_jwk_t *key, const char *algorithm, const char *kid,
    const char *claims)
{
	cjose_err error;
	cjose_header_t *header = cjose_header_new(&error);
	const char *text;
	cjose_jws_t *jws;
	char *copy;

	cjose_header_set(header, CJOSE_HDR_ALG, algorithm, &error);
	if (kid != NULL)
		cjose_header_set(header, CJOSE_HDR_KID, kid, &error);
	jws = cjose_jws_sign(
	    key, header, (const uint8_t *)claims, strlen(claims), &error);
	assert_non_null(jws);
	assert_true(cjose_jws_export(jws, &text, &error));
	copy = strdup(text);
	cjose_jws_release(jws);
	cjose_header_release(header);
	return copy;
}

/* The usual claims, which others go before or behind. */
static char *
claims(const char *user, long from_now, const char *more)
{
	static char text[600];

	snprintf(text, sizeof(text),
	    "{\"iss\":\"https://id.example.org\",\"email\":\"%s\","
	    "\"exp\":%ld,\"scope\":\"openid mail\"%s}",
	    user, (long)time(NULL) + from_now, more);
	return text;
}

/* Shows the token in either mechanism; frees it. */
static int
show(const char *mechanism, const char *user, char *token)
{
	char text[4000];
	int result;

	if (strcmp(mechanism, "XOAUTH2") == 0)
		snprintf(text, sizeof(text), "user=%s\1auth=Bearer %s\1\1",
		    user, token);
	else
		snprintf(text, sizeof(text),
		    "n,%s%s,\1host=mx\1port=587\1auth=bearer %s\1\1",
		    user[0] != '\0' ? "a=" : "", user, token);
	free(token);
	result = begin(fd, mechanism, text, -1);
	if (result != SASL_CHALLENGE)
		return result;
	/* RFC 7628 3.2.3: the client hears why, and lets go. */
	assert_non_null(strstr(said.challenge, "invalid_token"));
	result = next(fd, "\1", 1);
	assert_true(said.delay >= 1000);
	return result;
}

static void
test_good(void **state)
{
	static const char *const names[] = {"OAUTHBEARER", "XOAUTH2"};
	const char *ann = "ann@example.org";

	(void)state;
	for (int i = 0; i < 2; i++) {
		const char *m = names[i];

		assert_int_equal(
		    show(
			m, ann, sign(rsa, "RS256", "one", claims(ann, 60, ""))),
		    SASL_OK);
		assert_string_equal(said.name, ann);
		assert_int_equal(
		    show(m, "Ann",
			sign(ec, "ES256", "two", claims(ann, 60, ""))),
		    SASL_OK);
		assert_int_equal(
		    show(m, ann, sign(rsa, "PS256", NULL, claims(ann, 60, ""))),
		    SASL_OK);
	}
	/* RFC 7628 3.1: the token says who it is. */
	assert_int_equal(show("OAUTHBEARER", "",
			     sign(ec, "ES256", NULL, claims(ann, 60, ""))),
	    SASL_OK);
	assert_string_equal(said.name, ann);
}

static void
test_bad(void **state)
{
	const char *ann = "ann@example.org", *m = "OAUTHBEARER";

	(void)state;
	assert_int_equal(
	    show(m, ann, sign(stranger, "ES256", "two", claims(ann, 60, ""))),
	    SASL_DENIED);
	assert_int_equal(
	    show(m, ann, sign(rsa, "RS256", "two", claims(ann, 60, ""))),
	    SASL_DENIED);
	assert_int_equal(
	    show(m, ann, sign(rsa, "RS256", "one", claims(ann, -600, ""))),
	    SASL_DENIED);
	assert_int_equal(
	    show(m, ann,
		sign(rsa, "RS256", "one", claims("bob@example.org", 60, ""))),
	    SASL_DENIED);
	assert_int_equal(show(m, "bob@example.org",
			     sign(rsa, "RS256", "one", claims(ann, 60, ""))),
	    SASL_DENIED);
	assert_int_equal(
	    show(m, "",
		sign(rsa, "RS256", "one", claims("bob@example.org", 60, ""))),
	    SASL_DENIED);
	assert_int_equal(show(m, ann,
			     sign(rsa, "RS256", "one",
				 claims(ann, 60, ",\"nbf\":99999999999"))),
	    SASL_DENIED);
	assert_int_equal(show(m, ann,
			     sign(rsa, "RS256", "one",
				 "{\"iss\":\"https://id.example.com\","
				 "\"email\":\"ann@example.org\","
				 "\"exp\":99999999999,\"scope\":\"mail\"}")),
	    SASL_DENIED);
	assert_int_equal(show(m, ann,
			     sign(rsa, "RS256", "one",
				 "{\"iss\":\"https://id.example.org\","
				 "\"email\":\"ann@example.org\","
				 "\"exp\":99999999999,\"scope\":\"mails\"}")),
	    SASL_DENIED);
	assert_int_equal(show(m, ann,
			     sign(rsa, "RS256", "one",
				 "{\"iss\":\"https://id.example.org\","
				 "\"email\":\"ann@example.org\","
				 "\"scope\":\"mail\"}")),
	    SASL_DENIED);
	assert_int_equal(
	    show(m, ann, sign(rsa, "RS256", "one", "no json")), SASL_DENIED);
	assert_int_equal(show(m, ann, strdup("a.b.c")), SASL_DENIED);
	assert_int_equal(show(m, ann, strdup("")), SASL_DENIED);
}

/* RFC 8725 2.1: "none", and a public key taken for a shared secret. */
static void
test_algorithms(void **state)
{
	const char *ann = "ann@example.org";
	cjose_err error;
	cjose_jwk_t *secret =
	    cjose_jwk_create_oct_spec((const uint8_t *)"secret", 6, &error);
	char *signed_one = sign(rsa, "RS256", "one", claims(ann, 60, ""));
	char *token = malloc(strlen(signed_one) + 32), *body;

	(void)state;
	/* {"alg":"none"}, the same claims, and no signature. */
	body = strchr(signed_one, '.');
	*(strrchr(signed_one, '.') + 1) = '\0';
	sprintf(token, "eyJhbGciOiJub25lIn0%s", body);
	free(signed_one);
	assert_int_equal(show("OAUTHBEARER", ann, token), SASL_DENIED);
	assert_int_equal(show("OAUTHBEARER", ann,
			     sign(secret, "HS256", NULL, claims(ann, 60, ""))),
	    SASL_DENIED);
	cjose_jwk_release(secret);
}

static void
test_malformed(void **state)
{
	static const char *const wrong[] = {"", "n", "n,", "n,,", "n,,\1",
	    "n,,\1\1", "n,,\1auth=Bearer x", "n,,\1auth=Bearer x\1",
	    "n,,\1auth=Basic x\1\1", "n,b=c,\1auth=Bearer x\1\1",
	    "p=tls-exporter,,\1auth=Bearer x\1\1", "n,,auth=Bearer x\1\1",
	    "n,,\1auth=Bearer x\1\1y", NULL};

	(void)state;
	for (int i = 0; wrong[i] != NULL; i++)
		assert_int_equal(
		    begin(fd, "OAUTHBEARER", wrong[i], -1), SASL_BAD);
	assert_int_equal(begin(fd, "XOAUTH2", "user=ann\1\1", -1), SASL_BAD);
	assert_int_equal(
	    begin(fd, "XOAUTH2", "user=a\0\1auth=Bearer x\1\1", 24), SASL_BAD);
	assert_int_equal(begin(fd, "XOAUTH2", "", 0), SASL_BAD);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin_test, end_test)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(test_good),
	    CASE(test_bad),
	    CASE(test_algorithms),
	    CASE(test_malformed),
	};

	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	cjose_jwk_release(rsa);
	return failed;
}
