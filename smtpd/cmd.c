#include "cmd.h"

#include <stddef.h>
#include <strings.h>

static const struct cmd commands[] = {
    {"MAIL", KIND_ANY, STATE_READY, LONG_LINE, smtp_cmd_mail},
    {"RCPT", KIND_ANY, STATE_MAIL | STATE_RCPT, LONG_LINE, smtp_cmd_rcpt},
    /* It sends the 354 itself; the reply to the end of data may leave with
     * those of the next group (RFC 2920 3.1). */
    {"DATA", KIND_ANY, STATE_RCPT, NO_ARGUMENT, smtp_cmd_data},
    /* Its octets follow in any state, and are to be taken: RFC 3030 2. */
    {"BDAT", KIND_ANY, STATE_ANY, 0, smtp_cmd_bdat},
    {"EHLO", KIND_SMTP, STATE_ANY, LAST_IN_GROUP | ALONE, smtp_cmd_ehlo},
    {"HELO", KIND_SMTP, STATE_ANY, LAST_IN_GROUP | ALONE, smtp_cmd_helo},
    {"LHLO", KIND_LMTP, STATE_ANY, LAST_IN_GROUP | ALONE, smtp_cmd_lhlo},
    {"STARTTLS", KIND_ANY, STATE_ANY, LAST_IN_GROUP | NO_ARGUMENT,
	smtp_cmd_starttls},
    {"XCLIENT", KIND_ANY, STATE_ANY, LAST_IN_GROUP | LONG_LINE,
	smtp_cmd_xclient},
    {"AUTH", KIND_SMTP, STATE_START | STATE_READY, LAST_IN_GROUP | AUTH_LINE,
	smtp_cmd_auth},
    {"QUIT", KIND_ANY, STATE_ANY, LAST_IN_GROUP | NO_ARGUMENT, smtp_cmd_quit},
    {"RSET", KIND_ANY, STATE_ANY, NO_ARGUMENT, smtp_cmd_rset},
    {"NOOP", KIND_ANY, STATE_ANY, LAST_IN_GROUP, smtp_cmd_noop},
    {"VRFY", KIND_ANY, STATE_ANY, LAST_IN_GROUP, smtp_cmd_vrfy},
    {"HELP", KIND_ANY, STATE_ANY, LAST_IN_GROUP, smtp_cmd_help},

    {"EXPN", KIND_ANY, STATE_ANY, LAST_IN_GROUP, smtp_cmd_absent},
    {"SEND", KIND_ANY, STATE_ANY, LAST_IN_GROUP, smtp_cmd_absent},
    {"SOML", KIND_ANY, STATE_ANY, LAST_IN_GROUP, smtp_cmd_absent},
    {"SAML", KIND_ANY, STATE_ANY, LAST_IN_GROUP, smtp_cmd_absent},
    {"TURN", KIND_ANY, STATE_ANY, LAST_IN_GROUP, smtp_cmd_absent},
    {"ETRN", KIND_ANY, STATE_ANY, LAST_IN_GROUP, smtp_cmd_absent},
    {"ATRN", KIND_ANY, STATE_ANY, LAST_IN_GROUP, smtp_cmd_absent},

    {"GET", KIND_ANY, STATE_ANY, LAST_IN_GROUP, smtp_cmd_http},
    {"POST", KIND_ANY, STATE_ANY, LAST_IN_GROUP, smtp_cmd_http},
    {"PUT", KIND_ANY, STATE_ANY, LAST_IN_GROUP, smtp_cmd_http},
    {"HEAD", KIND_ANY, STATE_ANY, LAST_IN_GROUP, smtp_cmd_http},
    {"DELETE", KIND_ANY, STATE_ANY, LAST_IN_GROUP, smtp_cmd_http},
    {"OPTIONS", KIND_ANY, STATE_ANY, LAST_IN_GROUP, smtp_cmd_http},
    {"CONNECT", KIND_ANY, STATE_ANY, LAST_IN_GROUP, smtp_cmd_http},
    {"PATCH", KIND_ANY, STATE_ANY, LAST_IN_GROUP, smtp_cmd_http},
    {"Host:", KIND_ANY, STATE_ANY, LAST_IN_GROUP, smtp_cmd_http},
    {"User-Agent:", KIND_ANY, STATE_ANY, LAST_IN_GROUP, smtp_cmd_http},
};

const struct cmd *
cmd_find(const char *verb, enum session_kind kind)
{
	size_t i;

	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if ((commands[i].kinds & kind) != 0 &&
		    strcasecmp(commands[i].verb, verb) == 0)
			return &commands[i];
	return NULL;
}
