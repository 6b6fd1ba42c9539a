/*
 * Tests of helpers/accounts_sasl.c, sasl_gsasl.c and sasl_pop3.c: each
 * mechanism right, wrong, cut off and out of turn, with libgsasl's client as
 * the other side where it has one.
 */
#include "sasl_talk.h"

#include "base64.h"

#include <errno.h>
#include <gsasl.h>
#include <openssl/evp.h>

/* What libgsasl's client says for. */
static const char *user, *password, *identity;
static Gsasl *library;

static int
answer(Gsasl *ctx, Gsasl_session *session, Gsasl_property property)
{
	char text[BASE64_LENGTH(32) + 1];

	(void)ctx;
	switch (property) {
	case GSASL_AUTHID:
		return gsasl_property_set(session, property, user);
	case GSASL_AUTHZID:
		return gsasl_property_set(session, property, identity);
	case GSASL_PASSWORD:
		return gsasl_property_set(session, property, password);
	case GSASL_CB_TLS_EXPORTER:
		if (channel.exporter_length == 0)
			return GSASL_NO_CALLBACK;
		base64_encode(channel.exporter, 32, text);
		return gsasl_property_set(session, property, text);
	default:
		return GSASL_NO_CALLBACK;
	}
}

static void
start_client(const char *mechanism, Gsasl_session **session)
{
	if (library == NULL) {
		assert_int_equal(gsasl_init(&library), GSASL_OK);
		gsasl_callback_set(library, answer);
	}
	assert_int_equal(
	    gsasl_client_start(library, mechanism, session), GSASL_OK);
}

/* A whole exchange between libgsasl's client and the helper; its end. */
static int
talk(int fd, const char *mechanism, int with_initial)
{
	Gsasl_session *session;
	char *out = NULL;
	size_t size = 0;
	int result, code, first = 1;

	start_client(mechanism, &session);
	if (with_initial) {
		code = gsasl_step(session, NULL, 0, &out, &size);
		assert_true(code == GSASL_OK || code == GSASL_NEEDS_MORE);
		result = begin(fd, mechanism, out, (long)size);
		gsasl_free(out);
		first = 0;
	} else {
		result = begin(fd, mechanism, NULL, 0);
	}
	while (result == SASL_CHALLENGE) {
		/* An empty challenge is the server's "go on". */
		const char *in =
		    first && said.length == 0 ? NULL : said.challenge;

		code = gsasl_step(session, in, said.length, &out, &size);
		if (code != GSASL_OK && code != GSASL_NEEDS_MORE) {
			cancel(fd);
			result = -code;
			break;
		}
		result = next(fd, out != NULL ? out : "", (long)size);
		gsasl_free(out);
		first = 0;
	}
	gsasl_finish(session);
	return result;
}

static int
login(int fd, const char *mechanism, const char *who, const char *secret)
{
	user = who;
	password = secret;
	identity = NULL;
	return talk(fd, mechanism,
	    strcmp(mechanism, "LOGIN") != 0 &&
		strcmp(mechanism, "CRAM-MD5") != 0);
}

static const char *const with_password[] = {"PLAIN", "LOGIN", "CRAM-MD5",
    "SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS"};
#define WITH_PASSWORD (sizeof(with_password) / sizeof(with_password[0]))

static void
test_right_and_wrong(void **state)
{
	int pop3d = connect_to("pop3d"), smtpd = connect_to("smtpd");

	(void)state;
	sasl_talk_reset();
	add_user("ann@example.org", "s3cret");
	for (size_t i = 0; i < WITH_PASSWORD; i++) {
		const char *m = with_password[i];

		/* "n": a client that knows no binding. */
		channel.exporter_length = channel.end_point_length =
		    strstr(m, "-PLUS") != NULL ? 32 : 0;
		assert_int_equal(
		    login(pop3d, m, "ann@example.org", "s3cret"), SASL_OK);
		assert_string_equal(said.name, "ann@example.org");
		expect_ticket();
		assert_int_equal(login(smtpd, m, "Ann", "s3cret"), SASL_OK);
		assert_string_equal(said.name, "ann@example.org");
		assert_int_equal(said.ticket_length, 0);
		assert_int_equal(login(pop3d, m, "ann", "s3creT"), SASL_DENIED);
		assert_true(said.delay >= 1000);
		assert_int_equal(login(pop3d, m, "bob", "s3cret"), SASL_DENIED);
		assert_true(said.delay >= 1000 && said.delay <= 4000);
	}
	close(pop3d);
	close(smtpd);
}

static void
test_without_initial_response(void **state)
{
	int fd = connect_to("smtpd");

	(void)state;
	sasl_talk_reset();
	channel.exporter_length = channel.end_point_length = 0;
	add_user("ann@example.org", "s3cret");
	user = "ann";
	password = "s3cret";
	identity = NULL;
	assert_int_equal(talk(fd, "PLAIN", 0), SASL_OK);
	assert_int_equal(talk(fd, "SCRAM-SHA-256", 0), SASL_OK);
	/* LOGIN with the name in the command, as some clients have it. */
	assert_int_equal(begin(fd, "login", "ann", -1), SASL_CHALLENGE);
	assert_string_equal(said.challenge, "Password:");
	assert_int_equal(next(fd, "s3cret", -1), SASL_OK);
	assert_int_equal(begin(fd, "LOGIN", NULL, 0), SASL_CHALLENGE);
	assert_string_equal(said.challenge, "Username:");
	assert_int_equal(next(fd, "", 0), SASL_BAD);
	assert_int_equal(begin(fd, "CRAM-MD5", "ann", -1), SASL_BAD);
	assert_int_equal(begin(fd, "PLAIN", "", 0), SASL_BAD);
	assert_int_equal(begin(fd, "PLAIN", "ann", -1), SASL_BAD);
	close(fd);
}

static void
test_identities(void **state)
{
	int fd = connect_to("smtpd");

	(void)state;
	sasl_talk_reset();
	channel.exporter_length = channel.end_point_length = 0;
	add_user("ann@example.org", "s3cret");
	add_user("bob@example.org", "b0b");
	user = "ann";
	password = "s3cret";
	for (size_t i = 0; i < WITH_PASSWORD; i++) {
		const char *m = with_password[i];

		if (strcmp(m, "LOGIN") == 0 || strcmp(m, "CRAM-MD5") == 0)
			continue; /* have none */
		channel.exporter_length = strstr(m, "-PLUS") != NULL ? 32 : 0;
		identity = "ANN@example.org";
		assert_int_equal(talk(fd, m, 1), SASL_OK);
		identity = "bob@example.org";
		assert_int_equal(talk(fd, m, 1), SASL_DENIED);
	}
	close(fd);
}

static void
test_in_clear(void **state)
{
	int pop3d = connect_to("pop3d"), smtpd = connect_to("smtpd");

	(void)state;
	sasl_talk_reset();
	channel.is_tls = 0;
	channel.exporter_length = channel.end_point_length = 0;
	add_user("ann@example.org", "s3cret");
	assert_int_equal(begin(smtpd, "PLAIN", NULL, 0), SASL_INSECURE);
	assert_int_equal(begin(smtpd, "LOGIN", NULL, 0), SASL_INSECURE);
	assert_int_equal(
	    begin(pop3d, "USER", "ann\0s3cret", 10), SASL_INSECURE);
	assert_int_equal(
	    login(smtpd, "SCRAM-SHA-256", "ann", "s3cret"), SASL_OK);
	assert_int_equal(
	    begin(smtpd, "SCRAM-SHA-256-PLUS", NULL, 0), SASL_UNKNOWN);
	assert_int_equal(begin(smtpd, "EXTERNAL", NULL, 0), SASL_UNKNOWN);
	assert_int_equal(begin(smtpd, "GSSAPI", NULL, 0), SASL_UNKNOWN);
	assert_int_equal(begin(smtpd, "", NULL, 0), SASL_UNKNOWN);
	strcpy(channel.client, "127.0.0.1");
	assert_int_equal(login(smtpd, "PLAIN", "ann", "s3cret"), SASL_OK);
	assert_int_equal(begin(pop3d, "USER", "ann\0s3cret", 10), SASL_OK);
	expect_ticket();
	/* It is POP3's. */
	assert_int_equal(begin(smtpd, "USER", "ann\0s3cret", 10), SASL_UNKNOWN);
	close(pop3d);
	close(smtpd);
}

static void
test_pop3(void **state)
{
	static const char stamp[] = "<1896.697170952@dbc.mtview.ca.us>";
	unsigned char digest[16];
	char text[256], all[256];
	int fd = connect_to("pop3d"), n;

	(void)state;
	sasl_talk_reset();
	add_user("ann@example.org", "tanstaaf");
	snprintf(text, sizeof(text), "%stanstaaf", stamp);
	EVP_Digest(text, strlen(text), digest, NULL, EVP_md5(), NULL);
	for (int i = 0; i < 16; i++)
		snprintf(text + 2 * i, 3, "%02x", digest[i]);
	/* RFC 1939 7 prints this one. */
	assert_string_equal(text, "c4c9334bac560ecc979e58001b3e22fb");
	n = snprintf(all, sizeof(all), "ann%c%s%c%s", 0, stamp, 0, text);
	assert_int_equal(begin(fd, "APOP", all, n), SASL_OK);
	expect_ticket();
	all[n - 1] ^= 1;
	assert_int_equal(begin(fd, "APOP", all, n), SASL_DENIED);
	assert_int_equal(begin(fd, "APOP", all, n - 1), SASL_DENIED);
	assert_int_equal(begin(fd, "APOP", all, 10), SASL_DENIED);
	all[0] = 'b';
	assert_int_equal(begin(fd, "APOP", all, n), SASL_DENIED);
	assert_int_equal(begin(fd, "USER", "ann\0tanstaaf", 12), SASL_OK);
	expect_ticket();
	assert_int_equal(begin(fd, "USER", "ann\0tanstaa", 11), SASL_DENIED);
	assert_int_equal(begin(fd, "USER", "ann", 3), SASL_DENIED);
	assert_int_equal(begin(fd, "USER", "", 0), SASL_DENIED);
	assert_int_equal(begin(fd, "USER", "ann\0x\0y", 7), SASL_DENIED);
	close(fd);
}

static void
test_external(void **state)
{
	int fd = connect_to("smtpd");

	(void)state;
	sasl_talk_reset();
	add_user("ann@example.org", "s3cret");
	assert_int_equal(begin(fd, "EXTERNAL", "", 0), SASL_UNKNOWN);
	strcpy(channel.certificate, "ann@example.org");
	assert_int_equal(begin(fd, "EXTERNAL", "", 0), SASL_OK);
	assert_string_equal(said.name, "ann@example.org");
	assert_int_equal(begin(fd, "EXTERNAL", NULL, 0), SASL_CHALLENGE);
	assert_int_equal(next(fd, "ann@example.org", -1), SASL_OK);
	assert_int_equal(
	    begin(fd, "EXTERNAL", "bob@example.org", -1), SASL_DENIED);
	strcpy(channel.certificate, "eve@example.org");
	assert_int_equal(begin(fd, "EXTERNAL", "", 0), SASL_DENIED);
	assert_int_equal(
	    begin(fd, "EXTERNAL", "ann@example.org", -1), SASL_DENIED);
	close(fd);
}

/* RFC 5802 6: what was taken out on the way. */
static void
test_downgrade(void **state)
{
	int fd = connect_to("smtpd");

	(void)state;
	sasl_talk_reset();
	add_user("ann@example.org", "s3cret");
	assert_int_equal(
	    begin(fd, "SCRAM-SHA-256", "y,,n=ann,r=abc", -1), SASL_DENIED);
	assert_int_equal(
	    begin(fd, "SCRAM-SHA-1", "y,,n=ann,r=abc", -1), SASL_DENIED);
	assert_int_equal(
	    begin(fd, "SCRAM-SHA-256", "p=tls-exporter,,n=ann,r=abc", -1),
	    SASL_BAD);
	assert_int_equal(
	    begin(fd, "SCRAM-SHA-256-PLUS", "y,,n=ann,r=abc", -1), SASL_BAD);
	assert_int_equal(
	    begin(fd, "SCRAM-SHA-256-PLUS", "n,,n=ann,r=abc", -1), SASL_BAD);
	/* Where there is no binding "y" says the truth. */
	channel.exporter_length = channel.end_point_length = 0;
	assert_int_equal(
	    begin(fd, "SCRAM-SHA-256", "y,,n=ann,r=abc", -1), SASL_CHALLENGE);
	close(fd);
}

/* Cancelled, cut off, or out of turn, at each step of each mechanism. */
static void
test_cut_off(void **state)
{
	static const char first[] = "n,,n=ann,r=abcdef";
	uint32_t old;
	int fd, other = connect_to("smtpd");

	(void)state;
	sasl_talk_reset();
	channel.exporter_length = channel.end_point_length = 0;
	add_user("ann@example.org", "s3cret");
	for (int how = 0; how < 3; how++) {
		fd = connect_to("smtpd");
		for (int step = 0; step < 2; step++) {
			const char *m = step == 0 ? "PLAIN" : "SCRAM-SHA-256";

			assert_int_equal(
			    begin(fd, m, step == 0 ? NULL : first, -1),
			    SASL_CHALLENGE);
			old = said.handle;
			if (how == 0) {
				assert_int_equal(cancel(fd), PACKET_OK);
				assert_int_equal(cancel(fd), PACKET_OK);
			} else if (how == 1) {
				assert_int_equal(next(fd, "x", 1), SASL_BAD);
			} else {
				/* None of another connection's. */
				assert_int_equal(
				    next(other, "x", 1), SASL_TEMPORARY);
				assert_int_equal(said.status, PACKET_GONE);
				continue;
			}
			said.handle = old;
			assert_int_equal(next(fd, "x", 1), SASL_TEMPORARY);
			assert_int_equal(said.status, PACKET_GONE);
		}
		close(fd);
	}
	/* They end with the connection: others find room for long. */
	for (int i = 0; i < 200; i++) {
		fd = connect_to("smtpd");
		assert_int_equal(
		    begin(fd, "SCRAM-SHA-256", first, -1), SASL_CHALLENGE);
		close(fd);
	}
	assert_int_equal(login(other, "PLAIN", "ann", "s3cret"), SASL_OK);
	close(other);
}

/* One network's many do not cost another's few. */
static void
test_exchanges_are_bounded(void **state)
{
	uint32_t mine, oldest;
	int fd = connect_to("smtpd");

	(void)state;
	sasl_talk_reset();
	add_user("ann@example.org", "s3cret");
	strcpy(channel.client, "198.51.100.1");
	assert_int_equal(begin(fd, "LOGIN", NULL, 0), SASL_CHALLENGE);
	mine = said.handle;
	strcpy(channel.client, "192.0.2.1");
	assert_int_equal(begin(fd, "LOGIN", NULL, 0), SASL_CHALLENGE);
	oldest = said.handle;
	for (int i = 0; i < 100; i++)
		assert_int_equal(begin(fd, "LOGIN", NULL, 0), SASL_CHALLENGE);
	said.handle = oldest;
	assert_int_equal(next(fd, "ann", -1), SASL_TEMPORARY);
	said.handle = mine;
	assert_int_equal(next(fd, "ann", -1), SASL_CHALLENGE);
	assert_int_equal(next(fd, "s3cret", -1), SASL_OK);
	close(fd);
}

/* The signal that ends the helper has come to it. */
static void
wait_until_told(void)
{
	char path[64], line[128];
	unsigned long pending = 1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)child);
	while (pending != 0) {
		pending = 0;
		assert_non_null(file = fopen(path, "re"));
		while (fgets(line, sizeof(line), file) != NULL)
			if (strncmp(line, "ShdPnd:", 7) == 0)
				pending = strtoul(line + 7, NULL, 16);
		fclose(file);
	}
}

/* A mailbox helper that starts anew reads nothing for a while: its link is
 * full, and a login waits. */
static void
test_full_link(void **state)
{
	int fd = connect_to("pop3d"), count = 0;
	struct packet p;
	pid_t reader;

	(void)state;
	sasl_talk_reset();
	add_user("ann@example.org", "s3cret");
	packet_init(&p, WIRE_CHANGED);
	while (packet_send(helper.link_tell[0], &p) == 0)
		count++;
	assert_int_equal(errno, EAGAIN);
	packet_free(&p);
	if ((reader = fork()) == 0) {
		usleep(100000); /* so that the login finds it full */
		while (count-- > 0) {
			if (receive(tell_end, &p) != 1)
				_exit(1);
			packet_free(&p);
		}
		_exit(0);
	}
	assert_int_equal(begin(fd, "USER", "ann\0s3cret", 10), SASL_OK);
	assert_int_equal(waitpid(reader, NULL, 0), reader);
	expect_ticket();
	close(fd);
}

/* One that is to end goes on with what nobody else can go on with. */
static void
test_end_in_the_midst(void **state)
{
	int fd = connect_to("smtpd");

	(void)state;
	sasl_talk_reset();
	add_user("ann@example.org", "s3cret");
	assert_int_equal(begin(fd, "LOGIN", NULL, 0), SASL_CHALLENGE);
	assert_int_equal(kill(child, SIGTERM), 0);
	wait_until_told();
	assert_int_equal(next(fd, "ann", -1), SASL_CHALLENGE);
	assert_int_equal(next(fd, "s3cret", -1), SASL_OK);
	close(fd);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(test_right_and_wrong),
	    CASE(test_without_initial_response),
	    CASE(test_identities),
	    CASE(test_in_clear),
	    CASE(test_pop3),
	    CASE(test_external),
	    CASE(test_downgrade),
	    CASE(test_cut_off),
	    CASE(test_exchanges_are_bounded),
	    CASE(test_end_in_the_midst),
	    CASE(test_full_link),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	if (library != NULL)
		gsasl_done(library);
	return failed;
}
