#include "explain.h"

#include "accounts.h"
#include "network.h"
#include "output.h"
#include "packet.h"
#include "wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define TEXT_MAX 2048

int
explain_address(struct explain *q)
{
	union listen_address *a = &q->address;

	memset(a, 0, sizeof(*a));
	if (inet_pton(AF_INET, q->ip, &a->in.sin_addr) == 1)
		a->in.sin_family = AF_INET;
	else if (inet_pton(AF_INET6, q->ip, &a->in6.sin6_addr) == 1)
		a->in6.sin6_family = AF_INET6;
	else
		return -1;
	return 0;
}

/* One line of the answer: what, and by which line of the conf, or NULL. */
static void say(const char *step, const char *place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void
say(const char *step, const char *place, const char *format, ...)
{
	char text[TEXT_MAX];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	if (!output_json)
		printf("%s: %s%s%s%s\n", step, text, place == NULL ? "" : " (",
		    place == NULL ? "" : place, place == NULL ? "" : ")");
	output_next();
	output_text("step", step);
	output_text("text", text);
	output_text("place", place);
}

/* The same of a setting of smtpd.conf: its name, value and place. */
static void
say_setting(const struct explain *q, const char *step, const char *setting,
    const char *text)
{
	char value[CONF_DUMP_VALUE_MAX], place[CONF_DUMP_PLACE_MAX];

	conf_dump_value(&q->smtpd, setting, value, sizeof(value));
	conf_dump_place(&q->smtpd, setting, place, sizeof(place));
	say(step, place, "%s; %s = %.1000s", text, setting, value);
}

static int
is_set(const struct explain *q, const char *setting, const char *none)
{
	char value[CONF_DUMP_VALUE_MAX];

	return conf_dump_value(&q->smtpd, setting, value, sizeof(value)) == 0 &&
	       strcmp(value, none) != 0;
}

/* Whether a list of networks has the client's address. */
static int
is_trusted(const struct explain *q, const char *setting)
{
	char value[CONF_DUMP_VALUE_MAX], why[256], *rest = value, *item;
	struct network network;

	conf_dump_value(&q->smtpd, setting, value, sizeof(value));
	while ((item = conf_dump_item(&rest)) != NULL)
		if (network_parse(item, &network, why, sizeof(why)) == 0 &&
		    network_has(&network, &q->address))
			return 1;
	return 0;
}

static int
is_loopback(const struct explain *q)
{
	static const char *const networks[] = {"127.0.0.0/8", "::1"};
	struct network network;
	char why[256];

	for (int i = 0; i < 2; i++)
		if (network_parse(networks[i], &network, why, sizeof(why)) ==
			0 &&
		    network_has(&network, &q->address))
			return 1;
	return 0;
}

enum client_exit
explain_decide(const char *reply)
{
	const char *word = reply[0] == '2'   ? "taken"
			   : reply[0] == '4' ? "put off"
					     : "refused";

	if (!output_json)
		printf("so it is %s: %s\n", word, reply);
	output_next();
	output_text("step", "decision");
	output_text("text", word);
	output_text("reply", reply);
	output_end();
	return reply[0] == '2' ? CLIENT_OK : CLIENT_REFUSED;
}

const char *
explain_connection(const struct explain *q)
{
	int is_proxy = is_trusted(q, "trust.proxy");

	if (!q->is_login && !is_set(q, "listen", "{}")) {
		say_setting(q, "connect", "listen",
		    "nothing listens for mail of other servers");
		return "no connection is taken";
	}
	if (q->is_login && !is_set(q, "listen_submission", "{}") &&
	    !is_set(q, "listen_tls", "{}") && !is_set(q, "auth.mx", "no")) {
		say_setting(q, "connect", "auth.mx",
		    "nobody can log in: there is no listen_submission and no "
		    "listen_tls");
		return "no login is taken";
	}
	if (is_proxy)
		say_setting(q, "connect", "trust.proxy",
		    "it is a balancer, and has to name its client's address: "
		    "ask about that one");
	else if (is_trusted(q, "trust.xclient"))
		say_setting(q, "connect", "trust.xclient",
		    "it may speak for other clients (XCLIENT)");
	else if (is_loopback(q))
		say("connect", NULL, "no limits count for this machine");
	else
		say_setting(q, "connect", "limits.address_sessions",
		    "it may, unless it has as many sessions already");
	if (!q->is_login && is_set(q, "greet_pause", "0s") &&
	    !is_trusted(q, "trust.xclient"))
		say_setting(
		    q, "greeting", "greet_pause", "it comes after a pause");
	if (is_set(q, "early_talkers", "note"))
		say_setting(q, "greeting", "early_talkers",
		    "who talks before it is hung up on");
	return NULL;
}

void
explain_mail(const struct explain *q)
{
	const char *limit = q->is_login ? "limits.user_messages_minute"
					: "limits.messages_minute";

	if (q->is_login)
		say("mail from", NULL,
		    "taken, where the user may send as this address (mailctl "
		    "user senders)");
	else if (q->from[0] == '\0')
		say("mail from", NULL,
		    "taken: the null reverse-path, of bounces");
	else
		say("mail from", NULL,
		    "taken: nothing is asked about senders from elsewhere");
	if (is_set(q, limit, "0") && (q->is_login || !is_loopback(q)))
		say_setting(q, "mail from", limit,
		    "unless that is too many messages for a minute");
	if (is_set(q, "limits.message_size", "0"))
		say_setting(q, "mail from", "limits.message_size",
		    "unless it is larger");
}

/* The answer of accounts. */
struct finding {
	uint8_t result, how, kind;
	char name[WIRE_NAME_MAX], of[WIRE_NAME_MAX];
	uint32_t senders, count;
};

static void
join(struct packet *reply, char *to, size_t size, uint32_t *count)
{
	char name[WIRE_NAME_MAX];
	size_t at = 0;

	to[0] = '\0';
	*count = packet_get_u32(reply);
	if (*count > WIRE_TARGETS_MAX)
		reply->error = EBADMSG;
	for (uint32_t i = 0; i < *count && reply->error == 0; i++) {
		packet_get_text(reply, name, sizeof(name));
		if (at < size)
			at += (size_t)snprintf(to + at, size - at, "%s%s",
			    i == 0 ? "" : ", ", name);
	}
}

static void
say_name(const struct explain *q, const struct finding *f)
{
	char place[CONF_DUMP_PLACE_MAX] = "";

	switch (f->how) {
	case WIRE_EXPLAIN_USER:
		say("rcpt to", NULL, "%s is a user", f->name);
		break;
	case WIRE_EXPLAIN_ALIAS:
		say("rcpt to", NULL, "%s is an alias", f->name);
		break;
	case WIRE_EXPLAIN_CATCH_ALL:
		say("rcpt to", NULL,
		    "nobody has that name; %s takes what is left", f->name);
		break;
	case WIRE_EXPLAIN_POSTMASTER:
		conf_dump_place(
		    &q->helpers, "accounts.postmaster", place, sizeof(place));
		say("rcpt to", place,
		    "every domain has a postmaster; accounts.postmaster, the "
		    "catch-all or the first user reads it");
		break;
	default:
		break;
	}
	/* What is behind the separator counts for nothing. */
	if ((f->how == WIRE_EXPLAIN_USER || f->how == WIRE_EXPLAIN_ALIAS) &&
	    strcspn(f->name, "@") < strcspn(q->to, "@")) {
		conf_dump_place(&q->helpers, "accounts.plus_separator", place,
		    sizeof(place));
		say("rcpt to", place,
		    "what stands behind the separator in "
		    "%s does not count",
		    q->to);
	}
}

/* As smtpd replies (RFC 5321 4.2). */
static const char *
reply_of(const struct explain *q, const struct finding *f)
{
	static const char *const replies[ACCOUNTS_RESULTS] = {
	    [ACCOUNTS_OK] = "250 2.1.5 Ok",
	    [ACCOUNTS_FOREIGN] = "550 5.7.1 Relaying denied",
	    [ACCOUNTS_NO_USER] = "550 5.1.1 No such user here",
	    [ACCOUNTS_LOOP] = "451 4.3.5 Alias has no end or too many targets",
	    [ACCOUNTS_DENIED] =
		"550 5.7.1 This address takes no mail from this sender",
	    [ACCOUNTS_TEMPORARY] = "451 4.3.0 Try again later"};

	if (f->result == ACCOUNTS_FOREIGN && q->is_login)
		return "550 5.7.1 Mail for other hosts is not sent from here";
	return replies[f->result];
}

static void
say_result(const struct explain *q, const struct finding *f,
    const char *senders, const char *boxes)
{
	say_name(q, f);
	if (f->result == ACCOUNTS_FOREIGN)
		say("rcpt to", NULL,
		    "its domain is none of ours, and nothing is relayed "
		    "(mailctl domain list; mailctl domain add)");
	else if (f->result == ACCOUNTS_NO_USER)
		say("rcpt to", NULL,
		    "no user, alias or catch-all of the domain has that name, "
		    "or it leads to nobody (mailctl alias check)");
	else if (f->result != ACCOUNTS_OK && f->result != ACCOUNTS_DENIED)
		say("rcpt to", NULL,
		    "the alias can't be used: mailctl alias check %s", f->name);
	if (f->of[0] != '\0')
		say("rule", NULL, "%s: %s %s", f->of,
		    f->kind == WIRE_RULE_ONLY ? "only" : "not", senders);
	else if (f->result == ACCOUNTS_OK)
		say("rule", NULL, "there is none: all may write to it");
	if (f->result == ACCOUNTS_OK)
		say("mailboxes", NULL, "%s (unless one is full)", boxes);
}

enum client_exit
explain_recipient(const struct explain *q, struct packet *reply)
{
	static char senders[TEXT_MAX], boxes[TEXT_MAX];
	struct finding f = {.result = packet_get_u8(reply)};
	enum client_exit code;

	f.how = packet_get_u8(reply);
	packet_get_text(reply, f.name, sizeof(f.name));
	packet_get_text(reply, f.of, sizeof(f.of));
	f.kind = packet_get_u8(reply);
	join(reply, senders, sizeof(senders), &f.senders);
	join(reply, boxes, sizeof(boxes), &f.count);
	if (f.result >= ACCOUNTS_RESULTS || f.how >= WIRE_EXPLAIN_HOWS)
		reply->error = EBADMSG;
	if ((code = client_end(reply)) != CLIENT_OK)
		return code;
	say_result(q, &f, senders, boxes);
	return explain_decide(reply_of(q, &f));
}
