/*
 * The introspection helper: has a program of the administrator say whose a
 * token is, and runs only where helpers.conf names one.  It has a user of its
 * own, no capability, and one socket, to accounts.  The program inherits the
 * rights below: it may read and run what lies in /usr, read /etc, /run and
 * /dev, write no file, start processes, and use the network, since that is
 * where whoever issued the token answers.
 */
#include "clock.h"
#include "helper.h"
#include "log.h"
#include "packet.h"
#include "privileges.h"
#include "program.h"
#include "server.h"
#include "settings.h"
#include "worker.h"

#include <errno.h>
#include <string.h>

/* A program's time for one token: less than half of what accounts has for a
 * login, since it would ask again then (pool.h). */
#define ANSWER_TIME (8 * CLOCK_SECOND)

static const char *const calls[] = {
    "@base", "@loop", "@socket", "@connect", "@file", "@process", NULL};

static const struct privileges privileges = {
    .process = "introspect",
    .root = NULL,
    .capabilities = 0,
    .files = 256,
    .file_size = 0,
    .processes = 1,
    .paths = {{"/usr", PATH_READ | PATH_EXECUTE}, {"/etc", PATH_READ},
	{"/dev", PATH_READ}, {"/dev/null", PATH_READ | PATH_WRITE},
	{"/run", PATH_READ}, {"$program", PATH_READ | PATH_EXECUTE}},
    .calls = calls,
};

static const struct helper *helper;

static int
answer_token(struct request *q)
{
	enum token_result result;
	char name[WIRE_NAME_MAX] = "";
	struct packet fields;
	const char *token;
	size_t length;

	token = packet_get_data(&q->packet, WIRE_SASL_MAX, &length);
	if (packet_end(&q->packet) == -1)
		return -1;
	/* What the program reads is one line. */
	if (length == 0 || memchr(token, '\n', length) != NULL)
		result = TOKEN_BAD;
	else
		result = program_ask(helper->conf->token_program, token, length,
		    clock_after(ANSWER_TIME), name);
	packet_init(&fields, WIRE_TOKEN_ASK);
	packet_put_u8(&fields, (uint8_t)result);
	packet_put_text(&fields, result == TOKEN_GOOD ? name : "");
	request_reply(&q, PACKET_OK, &fields);
	packet_free(&fields);
	return 0;
}

static const struct server_row rows[] = {
    {WIRE_TOKEN_ASK, ROLE_ACCOUNTS, 0, answer_token, "token_ask"},
    {.answer = NULL},
};
static struct server server = {.rows = rows, .peers_max = 1};

static void
serve(void *arg)
{
	int *failed = arg;

	if (server_attach(&server, helper->link_program[0], ROLE_ACCOUNTS) ==
	    -1) {
		log_error("introspect.serve", log_errno(errno));
		*failed = 1;
		worker_stop();
		return;
	}
	log_info("introspect.ready",
	    log_text("program", helper->conf->token_program));
	helper_serve_until_told();
}

int
introspect_run(const struct helper *h)
{
	int keep[] = {h->link_program[0]}, failed = 0;

	helper = h;
	if (helper_drop(h, &privileges, keep, 1) == -1)
		return 1;
	if (worker_run(1, serve, &failed) == -1)
		failed = 1;
	return failed;
}
