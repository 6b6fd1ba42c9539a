#include "param.h"

#include "cmd.h"
#include "command.h"
#include "dsn.h"
#include "log.h"
#include "reply.h"
#include "settings.h"

#include <stdint.h>

/* A parameter, and where it belongs: r is NULL in MAIL. */
struct param {
	const char *keyword;
	unsigned kinds;
	int is_rcpt;
	int (*take)(
	    struct smtp *s, const struct command_param *p, struct recipient *r);
};

/* RFC 4954 5 adds 500 octets to MAIL. */
#define AUTH_MAX 493

static int
refuse(struct smtp *s, const char *text)
{
	reply(s, "501 5.5.4 %s", text);
	return -1;
}

/* RFC 1870 6.1: a declared size that is too large ends it before it began. */
static int
take_size(struct smtp *s, const struct command_param *p, struct recipient *r)
{
	long long octets;

	(void)r;
	if (command_size(p, &octets) == -1)
		return refuse(s, "SIZE wants a number");
	if (octets > s->conf->message_size) {
		log_info("mail.refused", log_id("session", s->id),
		    log_text("reason", "size"), log_int("size", octets));
		reply(s, "552 5.3.4 Message larger than %jd octets",
		    (intmax_t)s->conf->message_size);
		return -1;
	}
	s->mail.declared = (uint64_t)octets;
	return 0;
}

/* RFC 6152 3: either kind of body is stored as it comes.  BINARYMIME (RFC 3030
 * 3) is not offered: letters are lines. */
static int
take_body(struct smtp *s, const struct command_param *p, struct recipient *r)
{
	(void)r;
	if (p->value != NULL &&
	    (command_is(p->value, p->value_length, "7BIT") ||
		command_is(p->value, p->value_length, "8BITMIME")))
		return 0;
	return refuse(s, "BODY is 7BIT or 8BITMIME");
}

/* RFC 6531 3.4 */
static int
take_smtputf8(
    struct smtp *s, const struct command_param *p, struct recipient *r)
{
	(void)r;
	if (p->value != NULL)
		return refuse(s, "SMTPUTF8 has no value");
	s->mail.is_utf8 = 1;
	return 0;
}

static int
take_prdr(struct smtp *s, const struct command_param *p, struct recipient *r)
{
	(void)r;
	if (p->value != NULL)
		return refuse(s, "PRDR has no value");
	s->mail.is_prdr = 1;
	return 0;
}

/* RFC 4954 5: who first handed it in, as the client tells it.  Checked, and not
 * believed. */
static int
take_auth(struct smtp *s, const struct command_param *p, struct recipient *r)
{
	(void)r;
	if (!cmd_auth_is_offered(s)) {
		reply(s, "555 5.5.4 Parameter not implemented");
		return -1;
	}
	if (p->value != NULL && p->value_length <= AUTH_MAX &&
	    (command_is(p->value, p->value_length, "<>") ||
		dsn_is_xtext(p->value, p->value_length)))
		return 0;
	return refuse(s, "AUTH is a mailbox as xtext, or <>");
}

/* RFC 3461 4.3 */
static int
take_ret(struct smtp *s, const struct command_param *p, struct recipient *r)
{
	int ret = p->value == NULL ? -1 : dsn_ret(p->value, p->value_length);

	(void)r;
	if (ret == -1)
		return refuse(s, "RET is FULL or HDRS");
	s->mail.ret = ret;
	return 0;
}

/* A value in the transaction's arena. */
static int
keep(struct smtp *s, const struct command_param *p, const char **to)
{
	*to = arena_strndup(&s->mail.arena, p->value, p->value_length);
	if (*to == NULL)
		reply_no_memory(s);
	return *to == NULL ? -1 : 0;
}

/* RFC 3461 4.4 */
static int
take_envid(struct smtp *s, const struct command_param *p, struct recipient *r)
{
	(void)r;
	if (p->value == NULL || p->value_length > DSN_ENVID_MAX ||
	    !dsn_is_xtext(p->value, p->value_length))
		return refuse(s, "ENVID is xtext of 100 octets at most");
	return keep(s, p, &s->mail.envid);
}

/* RFC 3461 4.1 */
static int
take_notify(struct smtp *s, const struct command_param *p, struct recipient *r)
{
	int bits =
	    p->value == NULL ? -1 : dsn_notify(p->value, p->value_length);

	if (bits == -1)
		return refuse(s, "NOTIFY is NEVER or SUCCESS,FAILURE,DELAY");
	r->notify = bits;
	return 0;
}

/* RFC 3461 4.2, RFC 6533 3 */
static int
take_orcpt(struct smtp *s, const struct command_param *p, struct recipient *r)
{
	if (p->value == NULL || p->value_length > DSN_ORCPT_MAX ||
	    !dsn_is_orcpt(p->value, p->value_length, s->mail.is_utf8))
		return refuse(s, "ORCPT is type;address of 500 octets at most");
	return keep(s, p, &r->orcpt);
}

static const struct param params[] = {
    {"SIZE", KIND_ANY, 0, take_size},
    {"BODY", KIND_ANY, 0, take_body},
    {"SMTPUTF8", KIND_ANY, 0, take_smtputf8},
    {"RET", KIND_ANY, 0, take_ret},
    {"ENVID", KIND_ANY, 0, take_envid},
    {"PRDR", KIND_SMTP, 0, take_prdr}, /* LMTP is so by itself */
    {"AUTH", KIND_SMTP, 0, take_auth},
    {"NOTIFY", KIND_ANY, 1, take_notify},
    {"ORCPT", KIND_ANY, 1, take_orcpt},
};
#define PARAMS (sizeof(params) / sizeof(params[0]))

/* Its number in the table; PARAMS where it is not there.  RFC 5321 4.1.1.1:
 * after HELO there are no extensions. */
static size_t
find(const struct smtp *s, const struct command_param *p, int is_rcpt)
{
	size_t i = 0;

	while (i < PARAMS && (!s->is_extended || params[i].is_rcpt != is_rcpt ||
				 (params[i].kinds & s->kind) == 0 ||
				 !command_is(p->keyword, p->keyword_length,
				     params[i].keyword)))
		i++;
	return i;
}

static int
take_all(struct smtp *s, const char *text, struct recipient *r)
{
	struct command_param p;
	unsigned seen = 0;
	size_t i;
	int more;

	while ((more = command_param(&text, &p)) == 1) {
		i = find(s, &p, r != NULL);
		if (i == PARAMS) {
			/* RFC 5321 4.1.1.11 */
			reply(s, "555 5.5.4 Parameter not implemented");
			return -1;
		}
		/* RFC 3461 4: "... more than once ...": 501 */
		if (seen & 1u << i)
			return refuse(s, "A parameter stands twice");
		seen |= 1u << i;
		if (params[i].take(s, &p, r) == -1)
			return -1;
	}
	return more == -1 ? refuse(s, "Bad parameter") : 0;
}

int
param_mail(struct smtp *s, const char *text)
{
	return take_all(s, text, NULL);
}

int
param_rcpt(struct smtp *s, const char *text, struct recipient *r)
{
	return take_all(s, text, r);
}
