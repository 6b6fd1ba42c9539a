/*
 * tls -- one connection's TLS (OpenSSL 3), beneath conn.
 *
 *	conn_read_line, conn_write ...	 what a session calls
 *	  tls_read, tls_write		 parks the fiber where the socket waits
 *	    SSL over the socket		 one of tls_conf's certificates
 *	      tls_provider		 signs: asks the keys helper, parks
 *
 * Sessions speak to conn (conn_start_tls and what follows it there); this is
 * what conn is made of.  A tls belongs to the fiber of its session.  OpenSSL
 * keeps a queue of errors for each thread, which many fibers share: no call
 * here leaves anything in it.
 */
#ifndef TLS_H
#define TLS_H

#include "ring.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct tls;	 /* one connection's */
struct tls_conf; /* tls_conf.h: what a reading of the conf says of TLS */
struct ssl_st;	 /* OpenSSL's SSL */

/* The ways to bind an authentication to its channel. */
enum tls_binding {
	TLS_EXPORTER,	     /* RFC 9266: TLS 1.3, or 1.2 with RFC 7627 */
	TLS_SERVER_END_POINT /* RFC 5929 4: hash of our certificate */
};

/* Room for each kind of channel binding. */
#define TLS_BINDING_MAX 64

/* What a log line and a trace field say.  The texts live as long as the
 * connection's TLS; none is NULL, "" stands for nothing. */
struct tls_info {
	const char *version; /* "TLSv1.3" */
	const char *cipher;  /* IANA's name: "TLS_AES_256_GCM_SHA384" */
	const char *group;   /* of the key exchange: "X25519", "P-256" */
	const char *name;    /* SNI: the host that the client asked for */
	const char *peer;    /* identity of a verified client certificate:
				its first rfc822Name, else its CN */
	int is_resumed;	     /* an earlier session was taken up */
};

/* Octets that have been read off the socket, and come before what it has. */
struct tls_early {
	const char *data; /* borrowed until tls_accept returns */
	size_t length;
};

/*
 * A server's handshake over a connected, watched, non-blocking socket; w is
 * borrowed for as long as the result lives.  Waits, until deadline at most.
 * NULL with errno: ETIMEDOUT, ECANCELED, ECONNRESET (the peer has gone),
 * EPROTO (no TLS, or none that we take), ENOMEM, EIO (no signature: the keys
 * helper is away or has no such key), or that of a socket call.  An alert that
 * says why was sent where that is possible.
 */
struct tls *tls_accept(struct watch *w, struct tls_conf *conf,
    struct tls_early early, int64_t deadline);

/*
 * The handshake of ssl, which is a client's (tls_client.h) and is taken over,
 * also on failure.  Otherwise as tls_accept.
 */
struct tls *tls_connect(struct watch *w, struct ssl_st *ssl, int64_t deadline);

/*
 * Reads what is there, up to size octets.  Does not wait.  Returns the count; 0
 * at a proper end (close_notify); -1 with errno: EAGAIN (the watch's ready has
 * lost EPOLLIN), ECONNRESET for an end without close_notify, EPROTO, or that of
 * the socket.
 */
ssize_t tls_read(struct tls *t, void *data, size_t size);

/* Whether a read would find octets without asking the socket. */
int tls_has_input(const struct tls *t);

/*
 * Writes, as send(2) on a non-blocking socket: the count, or -1 with errno.
 * After EAGAIN the next write must begin with the same octets, at any address.
 */
ssize_t tls_write(struct tls *t, const void *data, size_t size);

/* Ends our side (close_notify) as far as the socket takes it at once, and frees
 * it all; sets *t to NULL.  NULL is none. */
void tls_close(struct tls **t);

/* Says close_notify, once; the peer may go on.  Does not wait. */
void tls_shutdown(struct tls *t);

/* What was agreed on. */
void tls_describe(const struct tls *t, struct tls_info *info);

/* The verified identity of its certificate; NULL: none. */
const char *tls_peer(const struct tls *t);

/*
 * Channel binding data into to[TLS_BINDING_MAX].  Returns its length, or 0
 * where this connection has none of that kind.
 */
size_t tls_bind(struct tls *t, enum tls_binding kind, unsigned char *to);

#endif
