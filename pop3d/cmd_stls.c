/* STLS (RFC 2595 4), and connections that begin with TLS (RFC 8314 3.2). */
#include "command.h"

#include "clock.h"
#include "keys.h"
#include "log.h"
#include "reply.h"

#include <stdlib.h>

int
cmd_stls_is_offered(const struct pop3 *p)
{
	return p->client->tls != NULL && p->state == AUTHORIZATION &&
	       !conn_is_tls(&p->conn);
}

/* After the handshake, or in its place. */
static enum next
end(struct pop3 *p, int result)
{
	struct tls_info info;

	if (result == -1) {
		p->end = "no TLS";
		log_info("tls.failed", log_id("session", p->client->id),
		    log_text("client", p->client->address),
		    log_errno(conn_error(&p->conn)));
		return NEXT_DROP;
	}
	conn_tls_info(&p->conn, &info);
	log_info("tls", log_id("session", p->client->id),
	    log_text("client", p->client->address),
	    log_text("version", info.version), log_text("cipher", info.cipher),
	    log_text("group", info.group), log_text("name", info.name),
	    log_text("peer", info.peer), log_int("resumed", info.is_resumed));
	return NEXT_CMD;
}

static int64_t
deadline(const struct pop3 *p)
{
	return clock_after(p->conf->service.tls.handshake);
}

enum next
cmd_stls_begin(struct pop3 *p)
{
	return end(
	    p, conn_begin_with_tls(&p->conn, p->client->tls, deadline(p)));
}

/* STLS -- RFC 2595 4: in the AUTHORIZATION state, once. */
enum next
pop3_cmd_stls(struct pop3 *p, const struct argument *a)
{
	(void)a;
	if (conn_is_tls(&p->conn))
		return reply_wrong(p, "TLS is active already");
	if (p->client->tls == NULL)
		return reply_wrong(p, "unknown command");
	if (!keys_are_ready(clock_after(p->conf->helper)))
		return reply_temporary(p, "TLS is not available now");
	if (conn_has_input(&p->conn)) {
		p->end = "plain-text behind STLS";
		reply_refuse(p, "you sent more behind STLS than you may");
		return NEXT_QUIT;
	}
	reply_ok(p, "begin TLS");
	/* What was learned without TLS is forgotten. */
	free(p->user);
	p->user = NULL;
	return end(p, conn_start_tls(&p->conn, p->client->tls, deadline(p)));
}
