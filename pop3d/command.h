/*
 * command -- the commands of POP3 as one table: where each is allowed, what it
 * takes, and the function that carries it out.
 */
#ifndef COMMAND_H
#define COMMAND_H

#include "argument.h"
#include "session.h"

#include <stddef.h>

/*
 * Carries out one line of the client (length octets, a NUL behind; changed in
 * place, and wiped where it holds a password).  All that is wrong with it is
 * answered here.
 */
enum next command_run(struct pop3 *p, char *line, size_t length);

/* Room for the greeting's timestamp, and for a list of all mechanisms. */
#define COMMAND_TIMESTAMP  320
#define COMMAND_MECHANISMS 256

/*
 * cmd_auth.c: and whether USER and PASS may be used here; the mechanisms of
 * AUTH that may, with separator between them (their length, 0 for none); and
 * the timestamp of the greeting, "" where APOP is off.
 */
enum next pop3_cmd_user(struct pop3 *p, const struct argument *a);
enum next pop3_cmd_pass(struct pop3 *p, const struct argument *a);
enum next pop3_cmd_apop(struct pop3 *p, const struct argument *a);
enum next pop3_cmd_auth(struct pop3 *p, const struct argument *a);
int cmd_auth_has_user(const struct pop3 *p);
size_t cmd_auth_list(
    const struct pop3 *p, const char *separator, char *to, size_t size);
void cmd_auth_timestamp(const struct pop3 *p, char *to, size_t size);

/* cmd_capa.c */
enum next pop3_cmd_capa(struct pop3 *p, const struct argument *a);
enum next pop3_cmd_utf8(struct pop3 *p, const struct argument *a);
enum next pop3_cmd_lang(struct pop3 *p, const struct argument *a);
enum next pop3_cmd_xclient(struct pop3 *p, const struct argument *a);

/* cmd_stls.c: and the handshake of a connection that begins with it, NEXT_CMD
 * or NEXT_DROP; and whether CAPA tells of STLS. */
enum next pop3_cmd_stls(struct pop3 *p, const struct argument *a);
enum next cmd_stls_begin(struct pop3 *p);
int cmd_stls_is_offered(const struct pop3 *p);

/* cmd_list.c */
enum next pop3_cmd_stat(struct pop3 *p, const struct argument *a);
enum next pop3_cmd_list(struct pop3 *p, const struct argument *a);
enum next pop3_cmd_uidl(struct pop3 *p, const struct argument *a);

/* cmd_retr.c */
enum next pop3_cmd_retr(struct pop3 *p, const struct argument *a);
enum next pop3_cmd_top(struct pop3 *p, const struct argument *a);

/* cmd_update.c */
enum next pop3_cmd_dele(struct pop3 *p, const struct argument *a);
enum next pop3_cmd_rset(struct pop3 *p, const struct argument *a);
enum next pop3_cmd_noop(struct pop3 *p, const struct argument *a);
enum next pop3_cmd_quit(struct pop3 *p, const struct argument *a);

#endif
