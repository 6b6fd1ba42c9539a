#include "backend_login.h"

#include "backend_capa.h"
#include "base64.h"
#include "clock.h"
#include "conn_pass.h"
#include "lang.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Lines of a list of capabilities at most. */
#define CAPA_LINES 100
/* RFC 2449 4: a command has at most 255 octets, CRLF included. */
#define COMMAND_MAX 255
/* A name, a name and a password with NULs, RFC 4616 2. */
#define PLAIN_MAX ((size_t)2 + WIRE_NAME_MAX + WIRE_PASSWORD_MAX)

/* What a line says: STATUS_NONE for a line that says neither. */
enum status { STATUS_OK, STATUS_ERR, STATUS_MORE, STATUS_NONE };

static int
fail(struct backend_login *l, const char *what)
{
	if (l->why[0] == '\0')
		snprintf(l->why, sizeof(l->why), "%s", what);
	return -1;
}

/* Reads a line: it, borrowed until the next one; NULL after a failure. */
static char *
read_line(struct backend_login *l)
{
	size_t length;
	char *line;

	switch (conn_read_line(
	    l->conn, &line, &length, BACKEND_LOGIN_LINE, l->deadline)) {
	case CONN_LINE:
		if (strlen(line) == length)
			return line;
		fail(l, "it sent a NUL");
		return NULL;
	case CONN_LINE_TOO_LONG:
		fail(l, "it sent a line that is too long");
		return NULL;
	default:
		fail(l, l->conn->eof ? "it hung up"
				     : strerror(conn_error(l->conn)));
		return NULL;
	}
}

static enum status
status_of(const char *line)
{
	if (strncmp(line, "+OK", 3) == 0 && (line[3] == ' ' || line[3] == '\0'))
		return STATUS_OK;
	if (strncmp(line, "-ERR", 4) == 0 &&
	    (line[4] == ' ' || line[4] == '\0'))
		return STATUS_ERR;
	return line[0] == '+' && (line[1] == ' ' || line[1] == '\0')
		   ? STATUS_MORE
		   : STATUS_NONE;
}

/* Sends what was said, and reads a reply: its line, whose status is +OK or
 * -ERR, or +; NULL. */
static char *
read_reply(struct backend_login *l)
{
	char *line;

	/* However early it answers. */
	conn_flush(l->conn);
	line = read_line(l);
	if (line == NULL || status_of(line) != STATUS_NONE)
		return line;
	fail(l, "it speaks no POP3");
	return NULL;
}

/* A command whose answer is one line.  1: +OK, 0: -ERR, -1: no such thing. */
static int
command(struct backend_login *l, const char *text)
{
	char *line;

	conn_printf(l->conn, "%s\r\n", text);
	if ((line = read_reply(l)) == NULL)
		return -1;
	switch (status_of(line)) {
	case STATUS_OK:
		return 1;
	case STATUS_ERR:
		return 0;
	default:
		return fail(l, "it speaks no POP3");
	}
}

/* -- before the login */

static int
begin_tls(struct backend_login *l)
{
	struct tls_client *others = l->p->client->others;

	if (others == NULL)
		return fail(l, "pop3d.conf names no authorities: backends { "
			       "ca }");
	return conn_be_tls(
	    l->conn, others, l->to->host, l->deadline, l->why, sizeof(l->why));
}

static int
read_greeting(struct backend_login *l)
{
	char *line = read_reply(l);

	if (line == NULL)
		return -1;
	if (status_of(line) != STATUS_OK)
		return fail(l, "it turned us away");
	/* Dovecot's way to say that it trusts us. */
	if (strncmp(line + 3, " [XCLIENT]", 10) == 0)
		l->capa |= BACKEND_CAPA_XCLIENT;
	return 0;
}

/* RFC 2595 4: never without, once it was asked for. */
static int
start_tls(struct backend_login *l)
{
	switch (command(l, "STLS")) {
	case 1:
		return begin_tls(l);
	case 0:
		return fail(l, "it has no STLS");
	default:
		return -1;
	}
}

/* RFC 2449 5.  A server without CAPA is one of RFC 1939 alone. */
static int
read_capa(struct backend_login *l)
{
	int lines = 0, found = command(l, "CAPA");
	char *line;

	if (found != 1)
		return found;
	while ((line = read_line(l)) != NULL) {
		if (strcmp(line, ".") == 0)
			return 0;
		if (++lines > CAPA_LINES)
			return fail(l, "its capabilities have no end");
		l->capa |= backend_capa_read(line);
	}
	return -1;
}

/* Who our client is, as Dovecot's proxy says it. */
static int
tell_client(struct backend_login *l)
{
	const struct service_client *client = l->p->client;
	const union listen_address *a = &client->peer;
	char text[BACKEND_LOGIN_LINE / 2], address[80] = "";

	if (a->any.sa_family == AF_INET || a->any.sa_family == AF_INET6)
		snprintf(address, sizeof(address), " ADDR=%s PORT=%u",
		    client->address,
		    ntohs(a->any.sa_family == AF_INET ? a->in.sin_port
						      : a->in6.sin6_port));
	snprintf(text, sizeof(text), "XCLIENT%s SESSION=%016" PRIx64 " TTL=%d",
	    address, client->id, l->p->hops - 1);
	/* Where it does not trust us, it does not have to know. */
	return command(l, text);
}

/* What the client has asked for before it logged in. */
static int
tell_wishes(struct backend_login *l)
{
	char text[32];
	int told = 0;

	if (l->p->is_utf8 && l->capa & BACKEND_CAPA_UTF8)
		told = command(l, "UTF8");
	if (told != -1 && l->p->lang != LANG_EN &&
	    l->capa & BACKEND_CAPA_LANG) {
		snprintf(text, sizeof(text), "LANG %s", lang_tag(l->p->lang));
		told = command(l, text);
	}
	return told == -1 ? -1 : 0;
}

static int
prepare(struct backend_login *l)
{
	const struct settings *conf = l->p->conf;

	if (l->to->tls == WIRE_BACKEND_IMPLICIT && begin_tls(l) == -1)
		return -1;
	if (read_greeting(l) == -1)
		return -1;
	if (l->to->tls == WIRE_BACKEND_STLS && start_tls(l) == -1)
		return -1;
	if (read_capa(l) == -1)
		return -1;
	if (conf->tells_backends && l->capa & BACKEND_CAPA_XCLIENT &&
	    tell_client(l) == -1)
		return -1;
	return tell_wishes(l);
}

/* -- the login */

/* RFC 4616 2: an empty authorization identity, the name, the password. */
static size_t
make_plain(const struct sasl_backend *to, char text[BASE64_LENGTH(PLAIN_MAX)])
{
	char plain[PLAIN_MAX];
	size_t user = strlen(to->user), password = strlen(to->password);
	size_t length = user + password + 2;

	plain[0] = '\0';
	memcpy(plain + 1, to->user, user + 1);
	memcpy(plain + 2 + user, to->password, password);
	base64_encode(plain, length, text);
	explicit_bzero(plain, sizeof(plain));
	return BASE64_LENGTH(length);
}

/* Sends a line with a secret, which is wiped, and reads the answer. */
static char *
send_secret(struct backend_login *l, char *line, size_t length)
{
	int sent = conn_pass_secret(l->conn, line, length);

	explicit_bzero(line, length);
	if (sent == 0)
		return read_reply(l);
	fail(l, "it does not listen");
	return NULL;
}

/* AUTH PLAIN -- RFC 5034 4: with the response in the same line where there is
 * room. */
static char *
say_plain(struct backend_login *l)
{
	static const char verb[] = "AUTH PLAIN ";
	char line[sizeof(verb) + BASE64_LENGTH(PLAIN_MAX) + 2];
	const size_t head = sizeof(verb) - 1;
	size_t length = make_plain(l->to, line + head);
	char *reply;

	line[head + length] = '\r';
	line[head + length + 1] = '\n';
	if (head + length + 2 <= COMMAND_MAX) {
		memcpy(line, verb, head);
		return send_secret(l, line, head + length + 2);
	}
	conn_puts(l->conn, "AUTH PLAIN\r\n");
	reply = read_reply(l);
	if (reply != NULL && status_of(reply) == STATUS_MORE)
		return send_secret(l, line + head, length + 2);
	explicit_bzero(line, sizeof(line));
	return reply;
}

/* USER and PASS -- RFC 1939 7. */
static char *
say_pass(struct backend_login *l)
{
	char line[WIRE_PASSWORD_MAX + sizeof("PASS \r\n")];
	char *reply;
	int length;

	if (strpbrk(l->to->user, " \r\n") != NULL ||
	    strpbrk(l->to->password, "\r\n") != NULL) {
		fail(l, "USER and PASS can't say this name or password");
		return NULL;
	}
	conn_printf(l->conn, "USER %s\r\n", l->to->user);
	reply = read_reply(l);
	if (reply == NULL || status_of(reply) != STATUS_OK)
		return reply;
	length = snprintf(line, sizeof(line), "PASS %s\r\n", l->to->password);
	return send_secret(l, line, (size_t)length);
}

/* Some say in their answer what they were asked: the password, or the response
 * of AUTH PLAIN, of which the part before the password is enough. */
static int
has_secret(const struct backend_login *l, const char *line)
{
	char plain[BASE64_LENGTH(PLAIN_MAX) + 1];
	size_t known = (strlen(l->to->user) + 2) / 3 * 4;
	int found;

	make_plain(l->to, plain);
	plain[known > 4 ? known : 4] = '\0';
	found = strstr(line, l->to->password) != NULL ||
		strstr(line, plain) != NULL;
	explicit_bzero(plain, sizeof(plain));
	return found;
}

/* The reason of a refusal, by its code. */
static enum backend_login_result
judge(struct backend_login *l, const char *line)
{
	static const struct {
		const char *code;
		enum backend_login_result result;
	} codes[] = {{"[AUTH]", BACKEND_LOGIN_DENIED},
	    {"[IN-USE]", BACKEND_LOGIN_IN_USE},
	    {"[LOGIN-DELAY]", BACKEND_LOGIN_DELAY},
	    {"[SYS/TEMP]", BACKEND_LOGIN_FAILED},
	    {"[SYS/PERM]", BACKEND_LOGIN_NEVER}};
	const char *text = line + sizeof("-ERR ") - 1;

	snprintf(l->why, sizeof(l->why), "%.120s",
	    has_secret(l, line) ? "-ERR" : line);
	if (line[4] != ' ')
		text = "";
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (strncasecmp(text, codes[i].code, strlen(codes[i].code)) ==
		    0)
			return codes[i].result;
	/* RFC 3206 6: whoever announces it says [AUTH] where it is that. */
	return l->capa & BACKEND_CAPA_AUTH_RESP_CODE ? BACKEND_LOGIN_FAILED
						     : BACKEND_LOGIN_DENIED;
}

enum backend_login_result
backend_login_run(struct backend_login *l)
{
	char *line;

	l->capa = 0;
	l->why[0] = '\0';
	if (prepare(l) == -1)
		return BACKEND_LOGIN_FAILED;
	line = l->capa & BACKEND_CAPA_PLAIN ? say_plain(l) : say_pass(l);
	if (line == NULL)
		return BACKEND_LOGIN_FAILED;
	switch (status_of(line)) {
	case STATUS_OK:
		return BACKEND_LOGIN_OK;
	case STATUS_ERR:
		return judge(l, line);
	default:
		fail(l, "it speaks no POP3");
		return BACKEND_LOGIN_FAILED;
	}
}
