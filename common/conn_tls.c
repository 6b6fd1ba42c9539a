/* What conn does for TLS, but reading and writing. */
#include "conn.h"

#include "clock.h"
#include "meter.h"
#include "tls_client.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static int
fail(struct conn *c, int error)
{
	if (c->error == 0)
		c->error = error;
	errno = error;
	return -1;
}

/* A handshake with a client that came to its end. */
static void
count(const struct conn *c)
{
	enum meter_tls version = METER_TLS_OTHER;
	struct tls_info info;

	if (c->tls == NULL) {
		meter_add(METER_TLS_FAILED, 1);
		return;
	}
	tls_describe(c->tls, &info);
	if (strcmp(info.version, "TLSv1.3") == 0)
		version = METER_TLS_13;
	else if (strcmp(info.version, "TLSv1.2") == 0)
		version = METER_TLS_12;
	meter_add(METER_TLS + version, 1);
}

int
conn_start_tls(struct conn *c, struct tls_conf *conf, int64_t deadline)
{
	/* RFC 3207 6: commands that somebody has put before the handshake. */
	if (conn_has_input(c))
		return fail(c, EPROTO);
	return conn_begin_with_tls(c, conf, deadline);
}

int
conn_begin_with_tls(struct conn *c, struct tls_conf *conf, int64_t deadline)
{
	struct tls_early early = {
	    .data = c->in != NULL ? c->in + c->in_start : NULL,
	    .length = c->in_end - c->in_start};

	if (conn_flush(c) == -1)
		return -1;
	c->was_tls = 1;
	c->tls = tls_accept(&c->watch, conf, early, deadline);
	if (c->tls == NULL)
		fail(c, errno);
	count(c);
	conn_discard_input(c);
	return c->tls != NULL ? 0 : -1;
}

int
conn_be_tls(struct conn *c, struct tls_client *others, const char *host,
    int64_t deadline, char *why, size_t size)
{
	if (conn_has_input(c)) {
		snprintf(why, size, "it said more before TLS than it may");
		return fail(c, EPROTO);
	}
	if (conn_flush(c) == -1) {
		snprintf(why, size, "it does not listen");
		return -1;
	}
	c->was_tls = 1;
	c->tls =
	    tls_client_connect(others, &c->watch, host, deadline, why, size);
	if (c->tls == NULL)
		return fail(c, errno);
	conn_discard_input(c);
	return 0;
}

void
conn_shutdown(struct conn *c)
{
	if (conn_flush(c) == -1)
		return;
	if (c->tls != NULL)
		tls_shutdown(c->tls);
	shutdown(c->watch.fd, SHUT_WR);
}

void
conn_last_words(struct conn *c, const char *text, size_t length)
{
	if (c->out_length > 0)
		return;
	/* Whoever goes over to TLS, and does not come there, hears nothing. */
	if (c->tls != NULL)
		(void)tls_write(c->tls, text, length);
	else if (!c->was_tls)
		(void)!send(
		    c->watch.fd, text, length, MSG_NOSIGNAL | MSG_DONTWAIT);
}

int
conn_is_tls(const struct conn *c)
{
	return c->tls != NULL;
}

void
conn_tls_info(const struct conn *c, struct tls_info *info)
{
	if (c->tls != NULL)
		tls_describe(c->tls, info);
	else
		*info = (struct tls_info){.version = "",
		    .cipher = "",
		    .group = "",
		    .name = "",
		    .peer = ""};
}

size_t
conn_tls_binding(const struct conn *c, enum tls_binding kind, unsigned char *to)
{
	return c->tls != NULL ? tls_bind(c->tls, kind, to) : 0;
}

const char *
conn_tls_peer(const struct conn *c)
{
	return c->tls != NULL ? tls_peer(c->tls) : NULL;
}
