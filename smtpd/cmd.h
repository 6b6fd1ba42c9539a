/*
 * cmd -- the commands' functions, by group: cmd_greeting.c, cmd_mail.c,
 * cmd_rcpt.c, cmd_data.c, cmd_bdat.c, cmd_misc.c.  argument is what follows the
 * verb, "" for nothing, and may be changed.  They may wait.
 */
#ifndef CMD_H
#define CMD_H

#include "session.h"

enum cmd_flags {
	LAST_IN_GROUP = 1, /* RFC 2920 3.2: its reply is not held back */
	NO_ARGUMENT = 2,
	LONG_LINE = 4, /* parameters make it longer than other lines */
	ALONE = 8,     /* what may follow is known after its reply */
	AUTH_LINE = 16 /* RFC 4954 4: or even an initial response */
};

/* A row of the table of commands. */
struct cmd {
	const char *verb;
	unsigned kinds;	 /* of listeners that know it */
	unsigned states; /* in which it is allowed */
	unsigned flags;
	enum next (*run)(struct smtp *s, char *argument);
};

/* The row of a verb, in either case, of a kind of listener; NULL where there is
 * none. */
const struct cmd *cmd_find(const char *verb, enum session_kind kind);

enum next smtp_cmd_ehlo(struct smtp *s, char *argument);
enum next smtp_cmd_helo(struct smtp *s, char *argument);
enum next smtp_cmd_lhlo(struct smtp *s, char *argument);
enum next smtp_cmd_mail(struct smtp *s, char *argument);
enum next smtp_cmd_rcpt(struct smtp *s, char *argument);
enum next smtp_cmd_rset(struct smtp *s, char *argument);
enum next smtp_cmd_data(struct smtp *s, char *argument);
enum next smtp_cmd_bdat(struct smtp *s, char *argument);
enum next smtp_cmd_noop(struct smtp *s, char *argument);
enum next smtp_cmd_vrfy(struct smtp *s, char *argument);
enum next smtp_cmd_help(struct smtp *s, char *argument);
enum next smtp_cmd_quit(struct smtp *s, char *argument);
enum next smtp_cmd_xclient(struct smtp *s, char *argument);
enum next smtp_cmd_auth(struct smtp *s, char *argument);
enum next smtp_cmd_starttls(struct smtp *s, char *argument);
/* The end of a message, for cmd_data.c and cmd_bdat.c: delivers it and answers.
 * The transaction is over. */
enum next smtp_end_message(struct smtp *s);
/* Known to RFC 5321, not to us. */
enum next smtp_cmd_absent(struct smtp *s, char *argument);
/* A browser, or somebody who had one sent here. */
enum next smtp_cmd_http(struct smtp *s, char *argument);

/* The handshake of a connection that begins with it.  NEXT_CMD or NEXT_DROP. */
enum next cmd_starttls_begin(struct smtp *s);
/*
 * cmd_auth.c: whether this listener's clients may log in at all; the mechanisms
 * that may be used here, each behind a space (their length, 0 for none); and
 * whether who is logged in may send as this address: 1, or 0 after a refusal.
 * Waits.
 */
int cmd_auth_is_offered(const struct smtp *s);
size_t cmd_auth_list(struct smtp *s, char *to, size_t size);
int cmd_auth_may_send_as(struct smtp *s, const char *reverse_path);
/* Nobody has logged in by AUTH any more. */
void cmd_auth_forget(struct smtp *s);
/* Whether EHLO tells of STARTTLS: there are certificates, and no TLS yet. */
int cmd_starttls_is_offered(const struct smtp *s);

#endif
