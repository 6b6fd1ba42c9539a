/* STARTTLS (RFC 3207), and connections that begin with TLS (RFC 8314). */
#include "cmd.h"

#include "clock.h"
#include "keys.h"
#include "log.h"
#include "reply.h"
#include "service.h"
#include "settings.h"

#include <errno.h>

int
cmd_starttls_is_offered(const struct smtp *s)
{
	return s->client->tls != NULL && !conn_is_tls(&s->conn);
}

/* After the handshake, or in its place. */
static enum next
end(struct smtp *s, int result)
{
	struct tls_info info;

	if (result == -1) {
		log_info("tls.failed", log_id("session", s->id),
		    log_text("client", s->address),
		    log_errno(conn_error(&s->conn)));
		return NEXT_DROP;
	}
	conn_tls_info(&s->conn, &info);
	log_info("tls", log_id("session", s->id),
	    log_text("client", s->address), log_text("version", info.version),
	    log_text("cipher", info.cipher), log_text("group", info.group),
	    log_text("name", info.name), log_text("peer", info.peer),
	    log_int("resumed", info.is_resumed));
	return NEXT_CMD;
}

static int64_t
deadline(const struct smtp *s)
{
	return clock_after(s->conf->service.tls.handshake);
}

enum next
cmd_starttls_begin(struct smtp *s)
{
	return end(
	    s, conn_begin_with_tls(&s->conn, s->client->tls, deadline(s)));
}

/* STARTTLS -- RFC 3207 4. */
enum next
smtp_cmd_starttls(struct smtp *s, char *argument)
{
	(void)argument;
	if (conn_is_tls(&s->conn))
		return reply(s, "503 5.5.1 TLS is active already");
	if (s->client->tls == NULL)
		return reply(s, "502 5.5.1 Command not implemented");
	/* RFC 3207 4.1: not now; the client may go on without. */
	if (!keys_are_ready(clock_after(s->conf->helper)))
		return reply(s, "454 4.7.0 TLS not available now");
	/* RFC 3207 4: it is the last command of a group. */
	if (conn_has_input(&s->conn)) {
		log_info("tls.injected", log_id("session", s->id),
		    log_text("client", s->address));
		return reply_closing(
		    s, "4.7.0", "sent more behind STARTTLS than it may");
	}
	reply(s, "220 2.0.0 Ready to start TLS");
	session_begin_anew(s);
	cmd_auth_forget(s);
	return end(s, conn_start_tls(&s->conn, s->client->tls, deadline(s)));
}
