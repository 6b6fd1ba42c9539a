#include "command.h"

#include "clock.h"
#include "meter.h"
#include "reply.h"

#include <string.h>

enum command_flags {
	PLAINTEXT = 1, /* part of a login in clear text */
	SECRET = 2,    /* the line holds a password */
	LONG = 4       /* its line is as long as the buffer takes */
};

/* RFC 2449 4: a command has at most 255 octets, CRLF included. */
#define COMMAND_MAX 255

struct command {
	char verb[ARGUMENT_VERB + 1];
	int states; /* in which it is allowed */
	int flags;
	enum argument_kind kind;
	enum next (*run)(struct pop3 *p, const struct argument *a);
};

#define ANY (AUTHORIZATION | TRANSACTION)

static const struct command commands[] = {
    {"CAPA", ANY, 0, ARGUMENT_NONE, pop3_cmd_capa},
    {"UTF8", AUTHORIZATION, 0, ARGUMENT_NONE, pop3_cmd_utf8},
    {"LANG", ANY, 0, ARGUMENT_MAYBE, pop3_cmd_lang},
    {"XCLIENT", AUTHORIZATION, LONG, ARGUMENT_REST, pop3_cmd_xclient},
    {"STLS", AUTHORIZATION, 0, ARGUMENT_NONE, pop3_cmd_stls},
    {"USER", AUTHORIZATION, PLAINTEXT, ARGUMENT_WORD, pop3_cmd_user},
    {"APOP", AUTHORIZATION, SECRET, ARGUMENT_REST, pop3_cmd_apop},
    {"AUTH", AUTHORIZATION, SECRET | LONG, ARGUMENT_WORDS, pop3_cmd_auth},
    {"PASS", AUTHORIZATION, PLAINTEXT | SECRET, ARGUMENT_REST, pop3_cmd_pass},
    {"STAT", TRANSACTION, 0, ARGUMENT_NONE, pop3_cmd_stat},
    {"LIST", TRANSACTION, 0, ARGUMENT_PERHAPS, pop3_cmd_list},
    {"UIDL", TRANSACTION, 0, ARGUMENT_PERHAPS, pop3_cmd_uidl},
    {"RETR", TRANSACTION, 0, ARGUMENT_NUMBER, pop3_cmd_retr},
    {"TOP", TRANSACTION, 0, ARGUMENT_NUMBERS, pop3_cmd_top},
    {"DELE", TRANSACTION, 0, ARGUMENT_NUMBER, pop3_cmd_dele},
    {"RSET", TRANSACTION, 0, ARGUMENT_NONE, pop3_cmd_rset},
    {"NOOP", TRANSACTION, 0, ARGUMENT_NONE, pop3_cmd_noop},
    {"QUIT", ANY, 0, ARGUMENT_NONE, pop3_cmd_quit},
};

static const struct command *
find(const char *verb)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		if (strcmp(commands[i].verb, verb) == 0)
			return &commands[i];
	return NULL;
}

static enum next
run(struct pop3 *p, const struct command *c, const char *rest)
{
	struct argument a;
	const char *why;

	if (!(c->states & (int)p->state))
		return reply_wrong(p, p->state == AUTHORIZATION
					  ? "log in first"
					  : "you are logged in already");
	if (c->flags & PLAINTEXT && !session_allows_plaintext(p))
		return reply_wrong(
		    p, "[AUTH] no login without encryption from here");
	if ((why = argument_read(c->kind, rest, &a)) != NULL)
		return reply_wrong(p, why);
	return c->run(p, &a);
}

enum next
command_run(struct pop3 *p, char *line, size_t length)
{
	const struct command *c;
	int64_t since = clock_now();
	const char *verb;
	enum next next;
	char *rest;

	if (argument_split(line, length, &verb, &rest) == -1) {
		meter_add(METER_COMMAND, 1); /* other */
		return reply_wrong(p, "that is no command");
	}
	c = find(verb);
	meter_add(METER_COMMAND + (c != NULL ? meter_command(verb) : 0), 1);
	if (c == NULL)
		return reply_wrong(p, "unknown command");
	p->doing = c->verb;
	if (length + 2 > COMMAND_MAX && !(c->flags & LONG))
		return reply_wrong(p, "a line that is too long");
	next = run(p, c, rest);
	meter_time(METER_COMMAND_TIME, clock_now() - since);
	if (c->flags & SECRET)
		conn_wipe_read(&p->conn);
	return next;
}
