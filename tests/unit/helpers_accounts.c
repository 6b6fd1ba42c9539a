/*
 * Tests of helpers/accounts.c and accounts_admin.c: a helper in a process of
 * its own, asked through its sockets.
 */
#include "../../helpers/helper.h"
#include "../../helpers/settings.h"
#include "accounts.h"
#include "clock.h"
#include "log.h"
#include "packet.h"
#include "super.h"

#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64];
static struct helpers_conf conf;
static struct helper helper;
static pid_t child;
static int ask_end, tell_end; /* mailbox's ends of the pairs */
static uint32_t next_id;
static char domain[] = "example.org", plus[] = "+", none[] = "";
static char root[] = "/mail", layout[] = "%d/%u";

/* A socket that listens at this name, or is connected to it. */
static int
open_socket(const char *name, int listening)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct sockaddr *any = (struct sockaddr *)&address;
	int fd;

	snprintf(
	    address.sun_path, sizeof(address.sun_path), "%s/%s", folder, name);
	fd = socket(AF_UNIX,
	    SOCK_SEQPACKET | SOCK_CLOEXEC | (listening ? SOCK_NONBLOCK : 0), 0);
	assert_true(fd >= 0);
	if (!listening) {
		assert_int_equal(connect(fd, any, sizeof(address)), 0);
		return fd;
	}
	assert_int_equal(bind(fd, any, sizeof(address)), 0);
	assert_int_equal(listen(fd, 16), 0);
	return fd;
}

static int
connect_to(const char *name)
{
	return open_socket(name, 0);
}

static void
start(void)
{
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(accounts_run(&helper));
}

static void
stop(int how, int wanted)
{
	int status;

	assert_int_equal(kill(child, how), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	child = 0;
	if (how == SIGKILL)
		return;
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), wanted);
}

static int
set_up(void **state)
{
	int asks[2], tells[2];
	int type = SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC;

	(void)state;
	strcpy(folder, "/tmp/ringmail-accounts-XXXXXX");
	if (mkdtemp(folder) == NULL || chmod(folder, 0755) == -1 ||
	    socketpair(AF_UNIX, type, 0, asks) == -1 ||
	    socketpair(AF_UNIX, type, 0, tells) == -1)
		return -1;
	conf = (struct helpers_conf){.run = folder,
	    .state = folder,
	    .default_domain = domain,
	    .plus_separator = plus,
	    .postmaster = none,
	    .login_cache = 600 * CLOCK_SECOND,
	    .hash_threads = 2,
	    .login_queue = 8,
	    .accounts_cache = 1 << 20,
	    .accounts_checkpoint = CLOCK_SECOND,
	    .mail_root = root,
	    .mail_layout = layout,
	    .default_quota = 1000};
	ask_end = asks[0];
	tell_end = tells[1];
	helper = (struct helper){.conf = &conf,
	    .smtpd = open_socket("smtpd", 1),
	    .pop3d = open_socket("pop3d", 1),
	    .admin = open_socket("admin", 1),
	    .link_ask = asks[1],
	    .link_tell = tells[0],
	    .uid = geteuid() == 0 ? 65534 : geteuid(),
	    .gid = geteuid() == 0 ? 65534 : getegid(),
	    .mail_uid = 1234,
	    .mail_gid = 5678};
	super_block_signals();
	start();
	return 0;
}

static int
tear_down(void **state)
{
	const int fds[] = {ask_end, tell_end, helper.smtpd, helper.pop3d,
	    helper.admin, helper.link_ask, helper.link_tell};
	char command[128];
	size_t i;
	int status;

	(void)state;
	if (child > 0) {
		kill(child, SIGTERM);
		waitpid(child, &status, 0);
	}
	for (i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		close(fds[i]);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

/* The next packet: as packet_receive. */
static int
receive(int fd, struct packet *p)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};

	packet_init(p, 0);
	assert_int_equal(poll(&wait, 1, 60000), 1);
	return packet_receive(fd, p);
}

/* Sends the request, frees it, and takes the reply; its status. */
static int
ask(int fd, struct packet *request, struct packet *reply)
{
	request->head.id = ++next_id;
	assert_int_equal(request->error, 0);
	assert_int_equal(packet_send(fd, request), 0);
	assert_int_equal(receive(fd, reply), 1);
	assert_int_equal(reply->head.id, next_id);
	assert_int_equal(reply->head.type, request->head.type);
	packet_free(request);
	return reply->head.status;
}

/* A request of up to two texts, of which only the status matters. */
static int
ask_texts(int fd, uint16_t type, const char *one, const char *two)
{
	struct packet request, reply;
	int status;

	packet_init(&request, type);
	packet_put_text(&request, one);
	if (two != NULL)
		packet_put_text(&request, two);
	status = ask(fd, &request, &reply);
	if (status == PACKET_OK)
		assert_int_equal(packet_end(&reply), 0);
	packet_free(&reply);
	return status;
}

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
	if (mailbox == NULL) {
		assert_int_equal(ask(fd, &request, &reply), PACKET_REFUSED);
		assert_int_equal(packet_get_u8(&reply), wanted);
	} else {
		assert_int_equal(ask(fd, &request, &reply), PACKET_OK);
		assert_int_equal(packet_get_u32(&reply), 1);
		packet_get_text(&reply, name, sizeof(name));
		assert_string_equal(name, mailbox);
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

static void
check_login(int fd, const char *user, const char *password, int good)
{
	struct packet request, reply;
	int status;

	packet_init(&request, WIRE_VERIFY);
	packet_put_text(&request, user);
	packet_put_text(&request, password);
	status = ask(fd, &request, &reply);
	if (good) {
		assert_int_equal(status, PACKET_OK);
		check_ticket(&reply);
	} else {
		assert_int_equal(status, PACKET_REFUSED);
		assert_int_equal(packet_get_u8(&reply), ACCOUNTS_DENIED);
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
test_owner(void **state)
{
	int admin = connect_to("admin");
	struct packet request, reply;
	char path[64];

	(void)state;
	add_ann(admin);
	packet_init(&request, WIRE_OWNER);
	packet_put_text(&request, "ann@example.org");
	assert_int_equal(ask(ask_end, &request, &reply), PACKET_OK);
	assert_int_equal(packet_get_u32(&reply), 1234);
	assert_int_equal(packet_get_u32(&reply), 5678);
	packet_get_text(&reply, path, sizeof(path));
	assert_string_equal(path, "/mail/example.org/ann");
	assert_int_equal(packet_get_u64(&reply), 1000);
	assert_int_equal(packet_end(&reply), 0);
	packet_free(&reply);
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
test_trusts_no_caller(void **state)
{
	int admin = connect_to("admin"), smtpd;
	struct packet request;

	(void)state;
	add_ann(admin);
	packet_init(&request, WIRE_VERIFY); /* not for smtpd */
	packet_put_text(&request, "ann@example.org");
	packet_put_text(&request, "secret");
	hangs_up("smtpd", &request);
	packet_init(&request, WIRE_DOMAIN_LIST); /* not for pop3d */
	packet_put_text(&request, "");
	hangs_up("pop3d", &request);
	packet_init(&request, WIRE_LOOKUP); /* an octet left over */
	packet_put_text(&request, "ann@example.org");
	packet_put_u8(&request, 0);
	hangs_up("smtpd", &request);
	packet_init(&request, WIRE_VERIFY); /* too short */
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
	    TEST(test_login),
	    TEST(test_owner),
	    TEST(test_trusts_no_caller),
	    TEST(test_lists_in_pages),
	    TEST(test_survives),
	};

	log_set_level(LEVEL_WARN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
