#include "cmd.h"

#include <stddef.h>
#include <strings.h>

static const struct cmd commands[] = {
    {"MAIL", STATE_READY, LONG_LINE, smtp_cmd_mail},
    {"RCPT", STATE_MAIL | STATE_RCPT, 0, smtp_cmd_rcpt},
    /* It sends the 354 itself; the reply to the end of data may leave with
     * those of the next group (RFC 2920 3.1). */
    {"DATA", STATE_RCPT, NO_ARGUMENT, smtp_cmd_data},
    {"EHLO", STATE_ANY, LAST_IN_GROUP, smtp_cmd_ehlo},
    {"HELO", STATE_ANY, LAST_IN_GROUP, smtp_cmd_helo},
    {"STARTTLS", STATE_ANY, LAST_IN_GROUP | NO_ARGUMENT, smtp_cmd_starttls},
    {"QUIT", STATE_ANY, LAST_IN_GROUP | NO_ARGUMENT, smtp_cmd_quit},
    {"RSET", STATE_ANY, NO_ARGUMENT, smtp_cmd_rset},
    {"NOOP", STATE_ANY, LAST_IN_GROUP, smtp_cmd_noop},
    {"VRFY", STATE_ANY, LAST_IN_GROUP, smtp_cmd_vrfy},
    {"HELP", STATE_ANY, LAST_IN_GROUP, smtp_cmd_help},

    {"EXPN", STATE_ANY, LAST_IN_GROUP, smtp_cmd_absent},
    {"SEND", STATE_ANY, LAST_IN_GROUP, smtp_cmd_absent},
    {"SOML", STATE_ANY, LAST_IN_GROUP, smtp_cmd_absent},
    {"SAML", STATE_ANY, LAST_IN_GROUP, smtp_cmd_absent},
    {"TURN", STATE_ANY, LAST_IN_GROUP, smtp_cmd_absent},

    {"GET", STATE_ANY, LAST_IN_GROUP, smtp_cmd_http},
    {"POST", STATE_ANY, LAST_IN_GROUP, smtp_cmd_http},
    {"PUT", STATE_ANY, LAST_IN_GROUP, smtp_cmd_http},
    {"HEAD", STATE_ANY, LAST_IN_GROUP, smtp_cmd_http},
    {"DELETE", STATE_ANY, LAST_IN_GROUP, smtp_cmd_http},
    {"OPTIONS", STATE_ANY, LAST_IN_GROUP, smtp_cmd_http},
    {"CONNECT", STATE_ANY, LAST_IN_GROUP, smtp_cmd_http},
    {"PATCH", STATE_ANY, LAST_IN_GROUP, smtp_cmd_http},
    {"Host:", STATE_ANY, LAST_IN_GROUP, smtp_cmd_http},
    {"User-Agent:", STATE_ANY, LAST_IN_GROUP, smtp_cmd_http},
};

const struct cmd *
cmd_find(const char *verb)
{
	size_t i;

	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcasecmp(commands[i].verb, verb) == 0)
			return &commands[i];
	return NULL;
}
