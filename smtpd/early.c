#include "early.h"

#include "client.h"
#include "clock.h"
#include "log.h"
#include "reply.h"
#include "settings.h"

/* Servers that hand mail in are let wait; mail programs of users, and proxies
 * that speak for others, are not. */
static int64_t
pause_of(const struct smtp *s)
{
	return s->kind == KIND_MX && !client_is_trusted(s)
		   ? s->conf->greet_pause
		   : 0;
}

enum next
early_check(struct smtp *s)
{
	int64_t pause = pause_of(s), deadline = 0;
	int is_refused = s->conf->early_talkers == SETTINGS_EARLY_REFUSE;
	char *data;

	if (pause > 0) {
		deadline = clock_after(pause);
		if (deadline > s->end)
			deadline = s->end;
	}
	/* A failure is met again, and told, where the first line is read. */
	if (conn_await_input(&s->conn, deadline) != 1)
		return NEXT_CMD;
	log_info("client.early", log_id("session", s->id),
	    log_text("client", s->address),
	    log_text("action", is_refused ? "refused" : "noted"));
	if (!is_refused)
		return NEXT_CMD;
	if (conn_read_some(&s->conn, &data, s->end) > 0 &&
	    data[0] != EARLY_TLS_HANDSHAKE)
		reply(s, "554 5.5.1 %s Talked before the greeting",
		    s->conf->hostname);
	return NEXT_DROP;
}
