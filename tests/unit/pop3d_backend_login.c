/* Logins at backends: the whole conversation over a socket pair, in which a
 * thread says what a backend would. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../pop3d/backend_login.h"

#include "../../pop3d/backend_capa.h"
#include "clock.h"
#include "log.h"
#include "worker.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEARD_MAX 8192

static struct settings conf;
static struct service_client client;
static struct pop3 session;
static struct sasl_backend to;
static struct backend_login login;
static enum backend_login_result result;
static int ends[2];
static const char *said; /* all at once: it is a matter of order alone */
static char heard[HEARD_MAX];

static void *
hear(void *arg)
{
	size_t length = 0;
	ssize_t n;

	(void)arg;
	while ((n = read(ends[1], heard + length, HEARD_MAX - 1 - length)) > 0)
		length += (size_t)n;
	heard[length] = '\0';
	return NULL;
}

static void
run_login(void *arg)
{
	struct conn conn;

	(void)arg;
	assert_int_equal(conn_open(&conn, ends[0], CLOCK_SECOND), 0);
	login.p = &session;
	login.to = &to;
	login.conn = &conn;
	login.deadline = clock_after(2 * CLOCK_SECOND);
	result = backend_login_run(&login);
	conn_close(&conn);
	worker_stop();
}

/* The backend says this; what it heard is in heard. */
static void
talk(const char *text)
{
	pthread_t thread;

	said = text;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(
	    write(ends[1], said, strlen(said)), (ssize_t)strlen(said));
	shutdown(ends[1], SHUT_WR);
	pthread_create(&thread, NULL, hear, NULL);
	assert_int_equal(worker_run(1, run_login, NULL), 0);
	pthread_join(thread, NULL);
	close(ends[1]);
}

static int
set_up(void **state)
{
	(void)state;
	log_set_level(LEVEL_ERROR);
	conf = (struct settings){.tells_backends = 1};
	client = (struct service_client){
	    .address = "192.0.2.7", .id = 0x1234, .is_local = 0};
	client.peer.in.sin_family = AF_INET;
	client.peer.in.sin_port = htons(4711);
	session = (struct pop3){.conf = &conf, .client = &client, .hops = 5};
	to = (struct sasl_backend){.host = "old.example.org",
	    .port = 110,
	    .tls = WIRE_BACKEND_NONE,
	    .user = "ann",
	    .password = "pw"};
	memset(&login, 0, sizeof(login));
	return 0;
}

#define HELLO "+OK hello\r\n"
#define CAPA  "+OK\r\nSASL PLAIN\r\nUTF8\r\nLANG\r\n.\r\n"

static void
logs_in(void **state)
{
	(void)state;
	talk(HELLO CAPA "+OK in\r\n");
	assert_int_equal(result, BACKEND_LOGIN_OK);
	assert_string_equal(heard, "CAPA\r\nAUTH PLAIN AGFubgBwdw==\r\n");
	talk(HELLO "-ERR\r\n+OK\r\n+OK in\r\n");
	assert_int_equal(result, BACKEND_LOGIN_OK);
	assert_string_equal(heard, "CAPA\r\nUSER ann\r\nPASS pw\r\n");
}

static void
tells_what_it_knows(void **state)
{
	(void)state;
	session.is_utf8 = 1;
	session.lang = LANG_DE;
	talk("+OK [XCLIENT] hello\r\n" CAPA
	     "-ERR no\r\n+OK\r\n-ERR\r\n+OK in\r\n");
	assert_int_equal(result, BACKEND_LOGIN_OK);
	assert_string_equal(heard,
	    "CAPA\r\nXCLIENT ADDR=192.0.2.7 PORT=4711 "
	    "SESSION=0000000000001234 TTL=4\r\nUTF8\r\nLANG de\r\n"
	    "AUTH PLAIN AGFubgBwdw==\r\n");
	conf.tells_backends = 0;
	session.is_utf8 = 0;
	session.lang = LANG_EN;
	talk("+OK [XCLIENT] hello\r\n" CAPA "+OK in\r\n");
	assert_string_equal(heard, "CAPA\r\nAUTH PLAIN AGFubgBwdw==\r\n");
}

/* USER and PASS can't carry each name and password. */
static void
says_nothing_else_than_it_means(void **state)
{
	(void)state;
	strcpy(to.password, "pw\r\nDELE 1");
	talk(HELLO "-ERR\r\n+OK\r\n+OK in\r\n");
	assert_int_equal(result, BACKEND_LOGIN_FAILED);
	assert_string_equal(heard, "CAPA\r\n");
	strcpy(to.password, "pw");
	strcpy(to.user, "ann b");
	talk(HELLO "-ERR\r\n+OK\r\n+OK in\r\n");
	assert_int_equal(result, BACKEND_LOGIN_FAILED);
	assert_string_equal(heard, "CAPA\r\n");
}

static void
knows_refusals(void **state)
{
	static const struct {
		const char *capa, *line;
		enum backend_login_result result;
	} cases[] = {
	    {CAPA, "-ERR [AUTH] no\r\n", BACKEND_LOGIN_DENIED},
	    {CAPA, "-ERR no\r\n", BACKEND_LOGIN_DENIED},
	    {CAPA, "-ERR\r\n", BACKEND_LOGIN_DENIED},
	    {CAPA, "-ERR [in-use] no\r\n", BACKEND_LOGIN_IN_USE},
	    {CAPA, "-ERR [LOGIN-DELAY] no\r\n", BACKEND_LOGIN_DELAY},
	    {CAPA, "-ERR [SYS/PERM] no\r\n", BACKEND_LOGIN_NEVER},
	    {CAPA, "-ERR [SYS/TEMP] no\r\n", BACKEND_LOGIN_FAILED},
	    {"+OK\r\nSASL PLAIN\r\nAUTH-RESP-CODE\r\n.\r\n", "-ERR no\r\n",
		BACKEND_LOGIN_FAILED},
	    {CAPA, "+ \r\n", BACKEND_LOGIN_FAILED},
	    {CAPA, "+OKAY\r\n", BACKEND_LOGIN_FAILED},
	    {CAPA, "", BACKEND_LOGIN_FAILED},
	    {"+OK\r\n", "", BACKEND_LOGIN_FAILED},
	    {"+ \r\n", "", BACKEND_LOGIN_FAILED},
	};
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		snprintf(text, sizeof(text), HELLO "%s%s", cases[i].capa,
		    cases[i].line);
		talk(text);
		assert_int_equal(result, cases[i].result);
		assert_string_not_equal(login.why, "");
	}
}

static void
a_secret_is_in_no_reason(void **state)
{
	(void)state;
	talk(HELLO CAPA "-ERR [AUTH] pw is wrong\r\n");
	assert_int_equal(result, BACKEND_LOGIN_DENIED);
	assert_string_equal(login.why, "-ERR");
	talk(HELLO CAPA "-ERR what is AUTH PLAIN AGFubgBwdw==?\r\n");
	assert_string_equal(login.why, "-ERR");
	talk(HELLO CAPA "-ERR what is AUTH PLAIN AGFubgBw...\r\n");
	assert_string_equal(login.why, "-ERR");
	talk(HELLO CAPA "-ERR what is AUTH PLAIN?\r\n");
	assert_string_equal(login.why, "-ERR what is AUTH PLAIN?");
}

/* TLS that was asked for is never left out, and its words come first. */
static void
insists_on_tls(void **state)
{
	(void)state;
	to.tls = WIRE_BACKEND_STLS;
	talk(HELLO "-ERR no\r\n" CAPA "+OK in\r\n");
	assert_int_equal(result, BACKEND_LOGIN_FAILED);
	assert_string_equal(heard, "STLS\r\n");
	assert_string_equal(login.why, "it has no STLS");
	talk(HELLO "+OK go on\r\n" CAPA "+OK in\r\n");
	assert_int_equal(result, BACKEND_LOGIN_FAILED);
	assert_string_equal(heard, "STLS\r\n");
	/* Nobody is trusted without a file of authorities. */
	assert_non_null(strstr(login.why, "authorities"));
	to.tls = WIRE_BACKEND_IMPLICIT;
	talk(HELLO CAPA "+OK in\r\n");
	assert_int_equal(result, BACKEND_LOGIN_FAILED);
	assert_string_equal(heard, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(logs_in, set_up),
	    cmocka_unit_test_setup(tells_what_it_knows, set_up),
	    cmocka_unit_test_setup(says_nothing_else_than_it_means, set_up),
	    cmocka_unit_test_setup(knows_refusals, set_up),
	    cmocka_unit_test_setup(a_secret_is_in_no_reason, set_up),
	    cmocka_unit_test_setup(insists_on_tls, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
