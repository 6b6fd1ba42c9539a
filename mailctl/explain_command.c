#include "explain_command.h"

#include "explain.h"
#include "output.h"
#include "packet.h"
#include "where.h"
#include "wire.h"

#include <err.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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

static enum client_exit
explain(const struct explain *q, const char *folder)
{
	const char *ended;
	enum client_exit code;
	int fd;

	if ((code = where_connect_accounts(folder, &fd)) != CLIENT_OK)
		return code;
	output_begin(1);
	if ((ended = explain_connection(q)) != NULL) {
		code = explain_decide(ended);
	} else {
		explain_mail(q);
		code = ask_accounts(q, fd);
	}
	close(fd);
	return code;
}

/* "<a@b>" and "a@b" are the same; what is no address is refused. */
static int
check_path(char *path, int may_be_empty)
{
	size_t length = strlen(path);

	if (length >= 2 && path[0] == '<' && path[length - 1] == '>') {
		memmove(path, path + 1, length - 2);
		path[length - 2] = '\0';
	}
	if (path[0] == '\0' && may_be_empty)
		return 0;
	if (strlen(path) < WIRE_ADDRESS_MAX &&
	    path[strcspn(path, " \t<>")] == '\0' &&
	    (strchr(path, '@') != NULL ||
		(!may_be_empty && strcasecmp(path, "postmaster") == 0)))
		return 0;
	warnx("\"%.80s\" is no address: smtpd says 501 5.1.3 Bad address "
	      "syntax",
	    path);
	return -1;
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
	if (count != 3 || check_path(args[0], 1) == -1 ||
	    check_path(args[1], 0) == -1) {
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
