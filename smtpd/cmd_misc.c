#include "cmd.h"

#include "log.h"
#include "reply.h"
#include "settings.h"

/* NOOP -- RFC 5321 4.1.1.9: an argument is passed over. */
enum next
smtp_cmd_noop(struct smtp *s, char *argument)
{
	(void)argument;
	return reply(s, "250 2.0.0 Ok");
}

/* VRFY -- RFC 5321 3.5.3, 7.3: tells nobody who has a mailbox here. */
enum next
smtp_cmd_vrfy(struct smtp *s, char *argument)
{
	if (s->conf->vrfy == SETTINGS_VRFY_OFF)
		return smtp_cmd_absent(s, argument);
	if (argument[0] == '\0')
		return reply_syntax(s, "VRFY address");
	return reply(s, "252 2.5.0 Can't say, but will take mail and try");
}

/* HELP -- RFC 5321 4.1.1.8. */
enum next
smtp_cmd_help(struct smtp *s, char *argument)
{
	(void)argument;
	reply(s, "214-2.0.0 Commands:");
	reply(s, "214-2.0.0 %s MAIL RCPT DATA BDAT",
	    s->kind == KIND_LMTP ? "LHLO" : "EHLO HELO");
	reply(s, "214-2.0.0 RSET NOOP VRFY HELP STARTTLS QUIT");
	return reply(s, "214 2.0.0 See RFC 5321");
}

/* QUIT -- RFC 5321 4.1.1.10. */
enum next
smtp_cmd_quit(struct smtp *s, char *argument)
{
	(void)argument;
	reply(s, "221 2.0.0 %s closing", s->conf->hostname);
	return NEXT_QUIT;
}

/* RFC 5321 4.2.4: 502 for what is known and not implemented. */
enum next
smtp_cmd_absent(struct smtp *s, char *argument)
{
	(void)argument;
	return reply(s, "502 5.5.1 Command not implemented");
}

/* A page can have its reader's browser send us anything after a request line:
 * nothing that follows is taken for a command. */
enum next
smtp_cmd_http(struct smtp *s, char *argument)
{
	(void)argument;
	log_info("client.http", log_id("session", s->id));
	return reply_closing(s, "4.7.0", "speaks no HTTP");
}
