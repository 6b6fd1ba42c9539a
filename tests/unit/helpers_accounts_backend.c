/*
 * Tests of helpers/accounts_backend.c and of logins of users whose mailbox a
 * backend has: who is told what, who judges, and what is stored.
 */
#include "sasl_talk.h"

/* As the conf of helpers_accounts_child.h has it. */
#define HOST "pop.old.example"

/* The answer to a login of such a user. */
static struct {
	int result;
	uint32_t handle, port, way;
	char name[WIRE_NAME_MAX], host[WIRE_HOST_MAX], user[WIRE_NAME_MAX];
	char password[WIRE_PASSWORD_MAX];
} led;

/* A user's place; its status. */
static int
set_backend(int admin, const char *name, int new, const char *host,
    uint32_t port, int way, int flags)
{
	struct packet request, reply;
	int status;

	packet_init(&request, WIRE_USER_BACKEND);
	packet_put_text(&request, name);
	packet_put_u8(&request, (uint8_t) new);
	packet_put_text(&request, host);
	packet_put_u32(&request, port);
	packet_put_u8(&request, (uint8_t)way);
	packet_put_u8(&request, (uint8_t)flags);
	packet_put_text(&request, "");
	status = ask(admin, &request, &reply);
	packet_free(&reply);
	return status;
}

/* USER and PASS: enum sasl_result, with led set for SASL_BACKEND. */
static int
log_in(int fd, const char *mechanism, const char *initial, size_t length)
{
	struct packet request, reply;

	memset(&led, 0, sizeof(led));
	packet_init(&request, WIRE_SASL_BEGIN);
	packet_put_text(&request, mechanism);
	packet_put_u8(&request, 1);
	packet_put_data(&request, "", 0);
	packet_put_data(&request, "", 0);
	packet_put_text(&request, "");
	packet_put_text(&request, "192.0.2.1");
	packet_put_text(&request, "mx.example.org");
	packet_put_u8(&request, 1);
	packet_put_data(&request, initial, length);
	led.result = SASL_TEMPORARY;
	ask(fd, &request, &reply);
	led.result = packet_get_u8(&reply);
	if (led.result == SASL_BACKEND) {
		led.handle = packet_get_u32(&reply);
		packet_get_text(&reply, led.name, sizeof(led.name));
		packet_get_text(&reply, led.host, sizeof(led.host));
		led.port = packet_get_u32(&reply);
		led.way = packet_get_u8(&reply);
		packet_get_text(&reply, led.user, sizeof(led.user));
		packet_get_text(&reply, led.password, sizeof(led.password));
		assert_int_equal(packet_end(&reply), 0);
	}
	packet_free(&reply);
	return led.result;
}

#define ANN(password) "ann@example.org\0" password, sizeof(password) + 15

/* What the backend said of a password; the status. */
static int
prove(int fd, uint32_t handle, int is_right)
{
	struct packet request, reply;
	int status;

	packet_init(&request, WIRE_SASL_PROVED);
	packet_put_u32(&request, handle);
	packet_put_u8(&request, (uint8_t)is_right);
	status = ask(fd, &request, &reply);
	if (status == PACKET_REFUSED) {
		assert_int_equal(packet_get_u8(&reply), SASL_DENIED);
		assert_true(packet_get_u32(&reply) > 0);
	}
	packet_free(&reply);
	return status;
}

static void
test_judged_here(void **state)
{
	int pop3d = connect_to("pop3d"), smtpd = connect_to("smtpd");
	int admin = connect_to("admin");

	(void)state;
	sasl_talk_reset();
	add_user("ann@example.org", "s3cret");
	assert_int_equal(
	    set_backend(admin, "ann@example.org", 0, HOST, 995, 0, 0),
	    PACKET_OK);
	assert_int_equal(log_in(pop3d, "USER", ANN("s3cret")), SASL_BACKEND);
	assert_int_equal(led.handle, 0);
	assert_string_equal(led.name, "ann@example.org");
	assert_string_equal(led.user, "ann@example.org");
	assert_string_equal(led.host, HOST);
	assert_int_equal(led.port, 995);
	assert_string_equal(led.password, "s3cret");
	assert_int_equal(log_in(pop3d, "USER", ANN("wrong")), SASL_DENIED);
	/* smtpd has nothing to do with it. */
	assert_int_equal(begin(smtpd, "PLAIN", "\0ann\0s3cret", 11), SASL_OK);
	/* Home again: a ticket. */
	assert_int_equal(
	    set_backend(admin, "ann@example.org", 0, "", 0, 0, 0), PACKET_OK);
	assert_int_equal(begin(pop3d, "USER", ANN("s3cret")), SASL_OK);
	expect_ticket();
	close(admin);
	close(smtpd);
	close(pop3d);
}

static void
test_judged_there(void **state)
{
	int pop3d = connect_to("pop3d"), other = connect_to("pop3d");
	int smtpd = connect_to("smtpd"), admin = connect_to("admin");

	(void)state;
	sasl_talk_reset();
	ask_texts(admin, WIRE_DOMAIN_ADD, "example.org", NULL);
	assert_int_equal(
	    set_backend(admin, "ann@example.org", 1, HOST, 995, 1, 1),
	    PACKET_OK);
	assert_int_equal(log_in(pop3d, "USER", ANN("any")), SASL_BACKEND);
	assert_int_not_equal(led.handle, 0);
	assert_int_equal(led.way, 1);
	assert_string_equal(led.password, "any");
	/* It is another connection's, and takes no step. */
	assert_int_equal(prove(other, led.handle, 1), PACKET_GONE);
	assert_int_equal(prove(pop3d, led.handle, 0), PACKET_REFUSED);
	assert_int_equal(prove(pop3d, led.handle, 1), PACKET_GONE);
	assert_int_equal(log_in(pop3d, "USER", ANN("any")), SASL_BACKEND);
	assert_int_equal(prove(pop3d, led.handle, 1), PACKET_OK);
	assert_int_equal(log_in(pop3d, "USER", ANN("any")), SASL_BACKEND);
	said.handle = led.handle;
	assert_int_equal(next(pop3d, "", 0), SASL_BAD);
	assert_int_equal(prove(pop3d, led.handle, 1), PACKET_GONE);
	/* An empty password is nobody's, and there is none here for smtpd. */
	assert_int_equal(log_in(pop3d, "USER", ANN("")), SASL_DENIED);
	assert_int_equal(begin(smtpd, "PLAIN", "\0ann\0any", 8), SASL_DENIED);
	close(admin);
	close(smtpd);
	close(other);
	close(pop3d);
}

static void
test_learned(void **state)
{
	int pop3d = connect_to("pop3d"), smtpd = connect_to("smtpd");
	int admin = connect_to("admin"), i;

	(void)state;
	sasl_talk_reset();
	ask_texts(admin, WIRE_DOMAIN_ADD, "example.org", NULL);
	assert_int_equal(
	    set_backend(admin, "ann@example.org", 1, HOST, 995, 0, 3),
	    PACKET_OK);
	assert_int_equal(log_in(pop3d, "USER", ANN("wrong")), SASL_BACKEND);
	assert_int_equal(prove(pop3d, led.handle, 0), PACKET_REFUSED);
	assert_int_equal(log_in(pop3d, "USER", ANN("first")), SASL_BACKEND);
	assert_int_equal(prove(pop3d, led.handle, 1), PACKET_OK);
	for (i = 0; i < 400; i++) {
		if (begin(smtpd, "PLAIN", "\0ann\0first", 10) == SASL_OK)
			break;
		usleep(20000);
	}
	assert_int_equal(said.result, SASL_OK);
	/* The first one, and no other. */
	assert_int_equal(log_in(pop3d, "USER", ANN("later")), SASL_BACKEND);
	assert_int_equal(prove(pop3d, led.handle, 1), PACKET_OK);
	usleep(100000);
	assert_int_equal(
	    begin(smtpd, "PLAIN", "\0ann\0later", 10), SASL_DENIED);
	assert_int_equal(begin(smtpd, "PLAIN", "\0ann\0first", 10), SASL_OK);
	close(admin);
	close(smtpd);
	close(pop3d);
}

static void
test_refusals(void **state)
{
	static const char ann[] = "ann@example.org";
	int admin = connect_to("admin");

	(void)state;
	sasl_talk_reset();
	ask_texts(admin, WIRE_DOMAIN_ADD, "example.org", NULL);
	assert_int_equal(
	    set_backend(admin, ann, 0, HOST, 995, 0, 0), PACKET_REFUSED);
	assert_int_equal(
	    set_backend(admin, ann, 1, HOST, 110, 0, 1), PACKET_REFUSED);
	assert_int_equal(
	    set_backend(admin, ann, 1, "x." HOST, 995, 0, 1), PACKET_REFUSED);
	assert_int_equal(
	    set_backend(admin, ann, 1, "", 0, 0, 0), PACKET_REFUSED);
	assert_int_equal(
	    set_backend(admin, ann, 1, HOST, 995, 0, 1), PACKET_OK);
	assert_int_equal(
	    set_backend(admin, ann, 1, HOST, 995, 0, 1), PACKET_REFUSED);
	close(admin);
}

/* Names with capitals of a domain that has no case any more hide no others. */
static void
test_listed(void **state)
{
	static const char *const names[] = {
	    "Joe@example.org", "Zoe@example.org", "abe@example.org"};
	char *items[] = {domain}, name[WIRE_NAME_MAX], place[1024];
	struct packet request, reply;
	int admin;

	(void)state;
	stop(SIGTERM, 0);
	conf.case_sensitive = (struct conf_list){items, 1};
	start();
	admin = connect_to("admin");
	ask_texts(admin, WIRE_DOMAIN_ADD, "example.org", NULL);
	for (int i = 0; i < 3; i++)
		assert_int_equal(
		    set_backend(admin, names[i], 1, HOST, 995, 0, 1),
		    PACKET_OK);
	close(admin);
	stop(SIGTERM, 0);
	conf.case_sensitive.count = 0;
	start();
	admin = connect_to("admin");
	packet_init(&request, WIRE_BACKEND_LIST);
	packet_put_text(&request, "");
	packet_put_text(&request, "");
	assert_int_equal(ask(admin, &request, &reply), PACKET_OK);
	assert_int_equal(packet_get_u32(&reply), 3);
	for (int i = 0; i < 3; i++) {
		packet_get_text(&reply, name, sizeof(name));
		packet_get_text(&reply, place, sizeof(place));
		assert_string_equal(name, names[i]);
		assert_non_null(strstr(place, HOST ":995"));
	}
	assert_int_equal(packet_end(&reply), 0);
	packet_free(&reply);
	close(admin);
}

/* The process that a malformed request comes to closes that connection. */
static void
expect_closed(const char *who, struct packet *request)
{
	struct packet reply;
	int fd = connect_to(who);

	assert_int_equal(packet_send(fd, request), 0);
	packet_free(request);
	assert_int_equal(receive(fd, &reply), 0);
	close(fd);
}

static void
test_malformed(void **state)
{
	struct packet request;
	int fd = connect_to("pop3d"), admin = connect_to("admin");

	(void)state;
	sasl_talk_reset();
	packet_init(&request, WIRE_SASL_PROVED);
	packet_put_u32(&request, 1);
	packet_put_u8(&request, 2);
	expect_closed("pop3d", &request);
	packet_init(&request, WIRE_SASL_PROVED);
	packet_put_u32(&request, 1);
	packet_put_u8(&request, 1);
	expect_closed("smtpd", &request);
	packet_init(&request, WIRE_USER_BACKEND);
	packet_put_text(&request, "ann@example.org");
	packet_put_u8(&request, 1);
	packet_put_text(&request, HOST);
	packet_put_u32(&request, 65536);
	packet_put_u8(&request, 0);
	packet_put_u8(&request, 0);
	packet_put_text(&request, "");
	expect_closed("admin", &request);
	/* An exchange that nobody has to judge. */
	assert_int_equal(begin(fd, "LOGIN", NULL, 0), SASL_CHALLENGE);
	packet_init(&request, WIRE_SASL_PROVED);
	packet_put_u32(&request, said.handle);
	packet_put_u8(&request, 1);
	assert_int_equal(packet_send(fd, &request), 0);
	packet_free(&request);
	assert_int_equal(receive(fd, &request), 0);
	close(fd);
	close(admin);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(test_judged_here),
	    CASE(test_judged_there),
	    CASE(test_learned),
	    CASE(test_refusals),
	    CASE(test_listed),
	    CASE(test_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
