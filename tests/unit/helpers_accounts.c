/*
 * Tests of helpers/accounts.c and accounts_admin.c: a helper in a process of
 * its own, asked through its sockets.
 */
#include "helpers_accounts_child.h"

#include "sasl.h"

static int
add_alias(int fd, const char *name, const char *target)
{
	struct packet request, reply;
	int status;

	packet_init(&request, WIRE_ALIAS_ADD);
	packet_put_text(&request, name);
	packet_put_u32(&request, 1);
	packet_put_text(&request, target);
	status = ask(fd, &request, &reply);
	packet_free(&reply);
	return status;
}

/* Checks that mailbox was told to forget this owner. */
static void
told_changed(const char *name)
{
	char got[WIRE_NAME_MAX];
	struct packet tell;

	assert_int_equal(receive(tell_end, &tell), 1);
	assert_int_equal(tell.head.type, WIRE_CHANGED);
	packet_get_text(&tell, got, sizeof(got));
	assert_int_equal(packet_end(&tell), 0);
	assert_string_equal(got, name);
	packet_free(&tell);
}

static void
add_ann(int admin)
{
	assert_int_equal(
	    ask_texts(admin, WIRE_DOMAIN_ADD, "Example.org", NULL), PACKET_OK);
	assert_int_equal(
	    ask_texts(admin, WIRE_USER_ADD, "Ann@example.org", "secret"),
	    PACKET_OK);
	told_changed("ann@example.org");
}

static void
check_lookup(int fd, const char *address, int wanted, const char *mailbox)
{
	struct packet request, reply;
	char name[WIRE_NAME_MAX];

	packet_init(&request, WIRE_LOOKUP);
	packet_put_text(&request, address);
	packet_put_u8(&request, WIRE_LOOKUP_CLIENT);
	packet_put_text(&request, "x@remote.example");
	if (mailbox == NULL) {
		assert_int_equal(ask(fd, &request, &reply), PACKET_REFUSED);
		assert_int_equal(packet_get_u8(&reply), wanted);
	} else {
		assert_int_equal(ask(fd, &request, &reply), PACKET_OK);
		assert_int_equal(packet_get_u32(&reply), 1);
		packet_get_text(&reply, name, sizeof(name));
		assert_string_equal(name, mailbox);
		assert_int_equal(packet_get_u8(&reply), 1); /* limited */
		assert_int_equal(packet_get_u8(&reply), 0); /* crlf */
	}
	assert_int_equal(packet_end(&reply), 0);
	packet_free(&reply);
}

static void
test_lookup(void **state)
{
	int admin = connect_to("admin"), smtpd = connect_to("smtpd");

	(void)state;
	add_ann(admin);
	assert_int_equal(
	    add_alias(admin, "a@example.org", "ann@example.org"), PACKET_OK);
	assert_int_equal(add_alias(admin, "ann@example.org", "a@example.org"),
	    PACKET_REFUSED);
	check_lookup(smtpd, "A+x@EXAMPLE.org", 0, "ann@example.org");
	check_lookup(smtpd, "postmaster", 0, "ann@example.org");
	check_lookup(smtpd, "b@example.org", ACCOUNTS_NO_USER, NULL);
	check_lookup(smtpd, "b@example.com", ACCOUNTS_FOREIGN, NULL);
	close(admin);
	close(smtpd);
}

/* Checks the ticket that mailbox got against the one in the reply. */
static void
check_ticket(struct packet *reply)
{
	unsigned char ticket[WIRE_TICKET_SIZE];
	char name[WIRE_NAME_MAX], path[64];
	struct packet tell;
	const void *data;
	size_t length;

	packet_get_text(reply, name, sizeof(name));
	assert_string_equal(name, "ann@example.org");
	data = packet_get_data(reply, WIRE_TICKET_SIZE, &length);
	assert_int_equal(packet_end(reply), 0);
	assert_int_equal(length, WIRE_TICKET_SIZE);
	memcpy(ticket, data, sizeof(ticket));

	/* It is there already: it left before the reply. */
	packet_init(&tell, 0);
	assert_int_equal(packet_receive(tell_end, &tell), 1);
	assert_int_equal(tell.head.type, WIRE_TICKET);
	data = packet_get_data(&tell, WIRE_TICKET_SIZE, &length);
	assert_memory_equal(data, ticket, sizeof(ticket));
	packet_get_text(&tell, name, sizeof(name));
	assert_string_equal(name, "ann@example.org");
	assert_int_equal(packet_get_u32(&tell), 1234);
	assert_int_equal(packet_get_u32(&tell), 5678);
	packet_get_text(&tell, path, sizeof(path));
	assert_string_equal(path, "/mail/example.org/ann");
	assert_true((int64_t)packet_get_u64(&tell) > clock_now());
	assert_int_equal(packet_end(&tell), 0);
	packet_free(&tell);
}

/* USER and PASS, in clear, from loopback. */
static void
begin_login(struct packet *p, const char *user, const char *password)
{
	char initial[WIRE_NAME_MAX + WIRE_PASSWORD_MAX];
	int length =
	    snprintf(initial, sizeof(initial), "%s%c%s", user, '\0', password);

	packet_init(p, WIRE_SASL_BEGIN);
	packet_put_text(p, "USER");
	packet_put_u8(p, 0);
	packet_put_data(p, "", 0);
	packet_put_data(p, "", 0);
	packet_put_text(p, "");
	packet_put_text(p, "127.0.0.1");
	packet_put_text(p, "pop.example.org");
	packet_put_u8(p, 1);
	packet_put_data(p, initial, (size_t)length);
}

static void
check_login(int fd, const char *user, const char *password, int good)
{
	struct packet request, reply;
	int status;

	begin_login(&request, user, password);
	status = ask(fd, &request, &reply);
	if (good) {
		assert_int_equal(status, PACKET_OK);
		assert_int_equal(packet_get_u8(&reply), SASL_OK);
		check_ticket(&reply);
	} else {
		assert_int_equal(status, PACKET_REFUSED);
		assert_int_equal(packet_get_u8(&reply), SASL_DENIED);
		packet_get_u32(&reply); /* how long to hold it back */
		assert_int_equal(packet_end(&reply), 0);
	}
	packet_free(&reply);
}

static void
test_login(void **state)
{
	int admin = connect_to("admin"), pop3d = connect_to("pop3d");

	(void)state;
	add_ann(admin);
	check_login(pop3d, "ann@example.org", "Secret", 0);
	check_login(pop3d, "ann@example.org", "secret", 1);
	check_login(pop3d, "ANN", "secret", 1);
	check_login(pop3d, "ann@example.org", "", 0);
	check_login(pop3d, "bob@example.org", "secret", 0);
	check_login(pop3d, "../x", "secret", 0);
	assert_int_equal(
	    ask_texts(admin, WIRE_USER_PASSWD, "ann@example.org", "new"),
	    PACKET_OK);
	told_changed("ann@example.org");
	check_login(pop3d, "ann", "secret", 0);
	check_login(pop3d, "ann", "new", 1);
	assert_int_equal(
	    ask_texts(admin, WIRE_USER_PASSWD, "ann@example.org", ""),
	    PACKET_REFUSED);
	assert_int_equal(
	    ask_texts(admin, WIRE_USER_DEL, "ann@example.org", NULL),
	    PACKET_OK);
	told_changed("ann@example.org");
	check_login(pop3d, "ann", "new", 0);
	close(admin);
	close(pop3d);
}

static void
check_owner(const char *name, uint32_t uid, uint32_t gid, const char *wanted,
    uint64_t octets, uint64_t messages)
{
	struct packet request, reply;
	char path[64];

	packet_init(&request, WIRE_OWNER);
	packet_put_text(&request, name);
	assert_int_equal(ask(ask_end, &request, &reply), PACKET_OK);
	assert_int_equal(packet_get_u32(&reply), uid);
	assert_int_equal(packet_get_u32(&reply), gid);
	packet_get_text(&reply, path, sizeof(path));
	assert_string_equal(path, wanted);
	assert_int_equal(packet_get_u64(&reply), octets);
	assert_int_equal(packet_get_u64(&reply), messages);
	assert_int_equal(packet_end(&reply), 0);
	packet_free(&reply);
}

static void
set_quota(int admin, uint8_t own)
{
	struct packet request, reply;

	packet_init(&request, WIRE_USER_QUOTA);
	packet_put_text(&request, "ann@example.org");
	packet_put_u8(&request, own);
	packet_put_u64(&request, 5);
	packet_put_u64(&request, 7);
	assert_int_equal(ask(admin, &request, &reply), PACKET_OK);
	packet_free(&reply);
	told_changed("ann@example.org");
}

static void
test_owner(void **state)
{
	static const char ann[] = "ann@example.org",
			  path[] = "/mail/example.org/ann";
	int admin = connect_to("admin");

	(void)state;
	add_ann(admin);
	check_owner(ann, 1234, 5678, path, 1000, 0);
	set_quota(admin, 1);
	check_owner(ann, 1234, 5678, path, 5, 7);
	set_quota(admin, 0);
	check_owner(ann, 1234, 5678, path, 1000, 0);
	assert_int_equal(
	    ask_texts(ask_end, WIRE_OWNER, "bob@example.org", NULL),
	    PACKET_REFUSED);
	close(admin);
}

/* Sends what must not be, and checks that the helper hangs up. */
static void
hangs_up(const char *socket, struct packet *request)
{
	int fd = connect_to(socket);
	struct packet reply;

	assert_int_equal(packet_send(fd, request), 0);
	assert_int_not_equal(receive(fd, &reply), 1);
	packet_free(request);
	packet_free(&reply);
	close(fd);
}

static void
test_rule(void **state)
{
	int admin = connect_to("admin"), smtpd = connect_to("smtpd");
	struct packet request, reply;

	(void)state;
	add_ann(admin);
	packet_init(&request, WIRE_RULE_SET);
	packet_put_text(&request, "ann@example.org");
	packet_put_u8(&request, WIRE_RULE_NOT);
	packet_put_u32(&request, 1);
	packet_put_text(&request, "@Remote.example");
	assert_int_equal(ask(admin, &request, &reply), PACKET_OK);
	packet_free(&reply);
	check_lookup(smtpd, "ann@example.org", ACCOUNTS_DENIED, NULL);
	check_lookup(smtpd, "postmaster", 0, "ann@example.org");
	assert_int_equal(
	    ask_texts(admin, WIRE_RULE_DEL, "ann@example.org", NULL),
	    PACKET_OK);
	check_lookup(smtpd, "ann@example.org", 0, "ann@example.org");
}

static void
test_trusts_no_caller(void **state)
{
	int admin = connect_to("admin"), smtpd;
	struct packet request;

	(void)state;
	add_ann(admin);
	packet_init(&request, WIRE_SENDER); /* not for pop3d */
	packet_put_text(&request, "ann@example.org");
	packet_put_text(&request, "ann@example.org");
	hangs_up("pop3d", &request);
	packet_init(&request, WIRE_DOMAIN_LIST); /* not for pop3d */
	packet_put_text(&request, "");
	hangs_up("pop3d", &request);
	packet_init(&request, WIRE_LOOKUP); /* an octet left over */
	packet_put_text(&request, "ann@example.org");
	packet_put_u8(&request, WIRE_LOOKUP_OURS);
	packet_put_text(&request, "");
	packet_put_u8(&request, 0);
	hangs_up("smtpd", &request);
	packet_init(&request, WIRE_LOOKUP); /* nobody is such a one */
	packet_put_text(&request, "ann@example.org");
	packet_put_u8(&request, WIRE_LOOKUP_LOGIN + 1);
	packet_put_text(&request, "");
	hangs_up("smtpd", &request);
	packet_init(&request, WIRE_RULE_SET); /* no such kind */
	packet_put_text(&request, "ann@example.org");
	packet_put_u8(&request, 0);
	packet_put_u32(&request, 0);
	hangs_up("admin", &request);
	packet_init(&request, WIRE_SASL_BEGIN); /* too short */
	packet_put_text(&request, "ann@example.org");
	hangs_up("pop3d", &request);
	packet_init(&request, WIRE_ALIAS_ADD); /* more than it says it has */
	packet_put_text(&request, "ann@example.org");
	packet_put_u32(&request, WIRE_TARGETS_MAX + 1);
	hangs_up("admin", &request);

	smtpd = connect_to("smtpd");
	check_lookup(smtpd, "ann@example.org", 0, "ann@example.org");
	close(smtpd);
	close(admin);
}

static void
test_lists_in_pages(void **state)
{
	int admin = connect_to("admin");
	struct packet request, reply;
	char name[WIRE_NAME_MAX], last[WIRE_NAME_MAX] = "";
	uint32_t i, count, all = 0;

	(void)state;
	for (i = 0; i < 520; i++) {
		snprintf(name, sizeof(name), "d%03u.example", i);
		assert_int_equal(
		    ask_texts(admin, WIRE_DOMAIN_ADD, name, NULL), PACKET_OK);
	}
	do {
		packet_init(&request, WIRE_DOMAIN_LIST);
		packet_put_text(&request, last);
		assert_int_equal(ask(admin, &request, &reply), PACKET_OK);
		count = packet_get_u32(&reply);
		assert_true(count <= 500);
		for (i = 0; i < count; i++) {
			packet_get_text(&reply, name, sizeof(name));
			assert_true(strcmp(name, last) > 0);
			strcpy(last, name);
		}
		all += count;
		assert_int_equal(packet_end(&reply), 0);
		packet_free(&reply);
	} while (count > 0);
	assert_int_equal(all, 520);
	assert_string_equal(last, "d519.example");
	close(admin);
}

static void
test_survives(void **state)
{
	int admin = connect_to("admin"), pop3d;

	(void)state;
	add_ann(admin);
	close(admin);
	stop(SIGKILL, 0);
	start();
	pop3d = connect_to("pop3d");
	check_login(pop3d, "ann", "secret", 1);
	close(pop3d);
	stop(SIGTERM, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_lookup),
	    TEST(test_rule),
	    TEST(test_login),
	    TEST(test_owner),
	    TEST(test_trusts_no_caller),
	    TEST(test_lists_in_pages),
	    TEST(test_survives),
	};

	log_set_level(LEVEL_WARN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
