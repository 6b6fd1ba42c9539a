#include "explain_command.h"

#include "explain.h"
#include "output.h"
#include "packet.h"
#include "program.h"
#include "where.h"
#include "wire.h"

#include <err.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A path with its command, and what smtpd says of it. */
#define TEXT_SIZE 1024
#define TOLD_MAX  (WIRE_ADDRESS_MAX + 1)

static enum client_exit
ask_accounts(const struct explain *q, int fd)
{
	struct packet request, reply;
	enum client_exit code;

	packet_init(&request, WIRE_EXPLAIN);
	packet_init(&reply, 0);
	packet_put_text(&request, q->to);
	packet_put_u8(
	    &request, q->is_login ? WIRE_LOOKUP_LOGIN : WIRE_LOOKUP_CLIENT);
	packet_put_text(&request, q->from);
	code = client_call(fd, &request, &reply);
	if (code == CLIENT_OK)
		code = explain_recipient(q, &reply);
	packet_free(&request);
	packet_free(&reply);
	return code;
}

/* What smtpd makes of a path, whose brackets may be left out: CLIENT_OK and how
 * it is looked up; CLIENT_REFUSED and its reply; or another code after a line
 * on standard error. */
static enum client_exit
ask_smtpd(
    const char *what, const char *path, const char *folder, char told[TOLD_MAX])
{
	char text[TEXT_SIZE];
	const char *const options[] = {"-p", text, NULL};
	int is_whole = path[0] == '<';

	if ((size_t)snprintf(text, sizeof(text), "%s%s%s%s", what,
		is_whole ? "" : "<", path,
		is_whole ? "" : ">") >= sizeof(text)) {
		warnx("too long: %.80s...", path);
		return CLIENT_USAGE;
	}
	switch (program_run("smtpd", folder, options, told, TOLD_MAX)) {
	case 0:
		return CLIENT_OK;
	case 1:
		return CLIENT_REFUSED;
	default:
		return CLIENT_TEMPORARY;
	}
}

/* The session, command by command, with smtpd's verdicts on both paths. */
static enum client_exit
walk(const struct explain *asked, const char *folder, int fd)
{
	struct explain q = *asked;
	char from[TOLD_MAX], to[TOLD_MAX];
	enum client_exit sender, recipient;
	const char *ended;

	sender = ask_smtpd("FROM:", q.from, folder, from);
	recipient = ask_smtpd("TO:", q.to, folder, to);
	if (sender != CLIENT_OK && sender != CLIENT_REFUSED)
		return sender;
	if (recipient != CLIENT_OK && recipient != CLIENT_REFUSED)
		return recipient;
	output_begin(1);
	if ((ended = explain_connection(&q)) != NULL)
		return explain_decide(ended);
	if (sender == CLIENT_REFUSED)
		return explain_decide(from);
	q.from = from;
	explain_mail(&q);
	if (recipient == CLIENT_REFUSED)
		return explain_decide(to);
	q.to = to;
	return ask_accounts(&q, fd);
}

static enum client_exit
explain(const struct explain *q, const char *folder)
{
	enum client_exit code;
	int fd;

	if ((code = where_connect_accounts(folder, &fd)) != CLIENT_OK)
		return code;
	code = walk(q, folder, fd);
	close(fd);
	return code;
}

enum client_exit
explain_command_run(const char *folder, char **args, int count)
{
	struct explain q = {.from = NULL};
	enum client_exit code = CLIENT_REFUSED;

	if (count > 0 && strcmp(args[0], "smtp") == 0) {
		args++;
		count--;
		if (count > 0 && strcmp(args[0], "--login") == 0) {
			q.is_login = 1;
			args++;
			count--;
		}
	} else {
		count = 0;
	}
	if (count != 3) {
		warnx("explain takes: " EXPLAIN_COMMAND_USAGE);
		return CLIENT_USAGE;
	}
	q.from = args[0];
	q.to = args[1];
	q.ip = args[2];
	if (explain_address(&q) == -1) {
		warnx("\"%.80s\" is no address of a client: write 192.0.2.1 "
		      "or 2001:db8::1",
		    q.ip);
		return CLIENT_USAGE;
	}
	if (conf_dump_read(&q.smtpd, "smtpd", folder) == 0 &&
	    conf_dump_read(&q.helpers, "helpers", folder) == 0)
		code = explain(&q, folder);
	conf_dump_free(&q.smtpd);
	conf_dump_free(&q.helpers);
	return code;
}
