/*
 * helpers_accounts_child -- the accounts helper in a process of its own, for
 * tests that ask it through its sockets.
 */
#ifndef HELPERS_ACCOUNTS_CHILD_H
#define HELPERS_ACCOUNTS_CHILD_H

#include "../../helpers/helper.h"
#include "../../helpers/settings.h"
#include "accounts.h"
#include "clock.h"
#include "log.h"
#include "packet.h"
#include "hashers_child.h"
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
static char keys[128], issuer[] = "https://id.example.org";
static char scope[] = "mail", email[] = "email";
#define MECHANISMS 12
static char mechanism_names[MECHANISMS][WIRE_MECHANISM_MAX] = {
    "SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-1",
    "PLAIN", "LOGIN", "USER", "APOP", "CRAM-MD5", "EXTERNAL", "OAUTHBEARER",
    "XOAUTH2"};
static char *mechanisms[MECHANISMS];
static char old_server[] = "pop.old.example:995";
static char *old_servers[] = {old_server};
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

static inline void
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
	for (int i = 0; i < MECHANISMS; i++)
		mechanisms[i] = mechanism_names[i];
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
	    .backends = {old_servers, 1},
	    .login_cache = 600 * CLOCK_SECOND,
	    .hash_processes = 2,
	    .login_queue = 8,
	    .mechanisms = {mechanisms, MECHANISMS},
	    .plaintext_login = PLAINTEXT_LOOPBACK,
	    .exchanges = 64,
	    .hash_cost = 1,
	    .scram_iterations = 4096,
	    .store_secrets = 1,
	    .failed_login = CLOCK_SECOND,
	    .failed_login_most = 4 * CLOCK_SECOND,
	    .token_keys = keys,
	    .token_issuer = issuer,
	    .token_audience = none,
	    .token_scope = scope,
	    .token_name = email,
	    .pam_service = none,
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
	    .mailboxes = 1,
	    .link_ask = {asks[1]},
	    .link_tell = {tells[0]},
	    .uid = geteuid() == 0 ? 65534 : geteuid(),
	    .gid = geteuid() == 0 ? 65534 : getegid(),
	    .mail_uid = 1234,
	    .mail_gid = 5678};
	super_block_signals();
	if (hashers_start(&helper, 2) == -1)
		return -1;
	start();
	return 0;
}

static int
tear_down(void **state)
{
	const int fds[] = {ask_end, tell_end, helper.smtpd, helper.pop3d,
	    helper.admin, helper.link_ask[0], helper.link_tell[0]};
	char command[128];
	size_t i;
	int status;

	(void)state;
	if (child > 0) {
		kill(child, SIGTERM);
		waitpid(child, &status, 0);
	}
	hashers_stop();
	for (i = 0; i < helper.hashers; i++)
		close(helper.link_hash[i]);
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

#endif
