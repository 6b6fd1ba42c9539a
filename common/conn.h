/*
 * conn -- a client's connection with buffers and sticky errors.
 *
 * After the first failure (deadline, hang-up, line too long for good) every
 * further call fails at once, so a handler may write on and its loop checks
 * conn_error once.  Buffers are borrowed from the worker only while there is
 * something in them: an idle connection holds none.
 */
#ifndef CONN_H
#define CONN_H

#include "ring.h"
#include "tls.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Octets of a read buffer and of a write buffer. */
#define CONN_BUFFER 16384

struct tls_client;

struct conn {
	struct watch watch;
	int error;   /* errno of the first failure, 0 for none */
	int eof;     /* the client has closed its side */
	int bare_lf; /* the last line read had no CR before its LF */
	char *in;    /* CONN_BUFFER octets, NULL while idle */
	size_t in_start, in_end;
	char *out; /* CONN_BUFFER octets, NULL while empty */
	size_t out_length;
	int64_t send_timeout;		/* ns that one blocked write may take */
	uint64_t octets_in, octets_out; /* of text, not of records */
	struct tls *tls;		/* NULL: plain */
	int was_tls; /* a handshake has begun: nothing more in clear */
};

enum conn_line { CONN_LINE, CONN_LINE_TOO_LONG, CONN_LINE_FAILED };

/*
 * Takes over fd (a stream socket, non-blocking), which notifies the running
 * fiber's ring from now on.  send_timeout bounds how long the peer may leave
 * a write waiting, ns.  Returns 0, or -1 with errno; then fd is closed.
 */
int conn_open(struct conn *c, int fd, int64_t send_timeout);

/*
 * Goes over to TLS, as the server (RFC 3207, RFC 2595): sends what is buffered
 * (the reply that says "go on"), and shakes hands, until deadline at most.
 * Waits.  Input that is buffered already was sent in clear, to be taken for
 * part of what TLS protects: then it fails with EPROTO.  conf must live as long
 * as the connection, as that of a session's service_client does.
 * Returns 0, or -1 with conn_error set, as tls_accept: the connection is of no
 * more use, and nothing can be said on it.
 */
int conn_start_tls(struct conn *c, struct tls_conf *conf, int64_t deadline);

/*
 * Likewise on a connection that begins with the handshake (RFC 8314 3): input
 * that is buffered, behind a proxy's words, is the beginning of it.
 */
int
conn_begin_with_tls(struct conn *c, struct tls_conf *conf, int64_t deadline);

/*
 * Goes over to TLS as a client's side, with a server that must be host
 * (tls_client.h).  Input that is buffered already makes it fail.  Waits.  0, or
 * -1 with conn_error set and a reason in why[size].
 */
int conn_be_tls(struct conn *c, struct tls_client *others, const char *host,
    int64_t deadline, char *why, size_t size);

/*
 * Sends what is buffered, and says that nothing more will come (close_notify
 * under TLS, then a half-close); input may still be read.  Waits as conn_flush.
 */
void conn_shutdown(struct conn *c);

/*
 * A last line on a connection whose calls fail since a deadline or a
 * cancellation, where nothing lies unsent before it.  Best effort: does not
 * wait.  Not for a connection that failed otherwise.
 */
void conn_last_words(struct conn *c, const char *text, size_t length);

/* Whether it is encrypted. */
int conn_is_tls(const struct conn *c);

/* What was agreed on; all is "" where it is plain. */
void conn_tls_info(const struct conn *c, struct tls_info *info);

/*
 * Channel binding data (RFC 9266, RFC 5929) into to[TLS_BINDING_MAX]: its
 * length, or 0 where there is none of that kind.
 */
size_t conn_tls_binding(
    const struct conn *c, enum tls_binding kind, unsigned char *to);

/*
 * The identity of the client's certificate, which was verified (SASL EXTERNAL):
 * its first rfc822Name, else its CN.  NULL where it showed none.  Lives as long
 * as the connection.
 */
const char *conn_tls_peer(const struct conn *c);

/* Closes it and gives the buffers back.  Unsent output is thrown away.
 * Idempotent. */
void conn_close(struct conn *c);

/* errno of the first failure (ECONNRESET for an end of input), 0 for none. */
int conn_error(const struct conn *c);

/*
 * Reads one line, flushing the output first if it must wait.  *line is
 * borrowed until the next call that reads; it is *length octets without the
 * line's end, with a NUL in its place.  A line ends at LF; a CR before it is
 * cut.  limit (at most CONN_BUFFER) counts octets with the line's end.
 * Returns CONN_LINE; CONN_LINE_TOO_LONG after a longer line was read to its
 * end and thrown away; CONN_LINE_FAILED (see conn_error; ETIMEDOUT at the
 * deadline).
 */
enum conn_line conn_read_line(struct conn *c, char **line, size_t *length,
    size_t limit, int64_t deadline);

/*
 * Reads what is there, waiting for at least one octet: *data is borrowed until
 * the next call that reads.  Take what you used with conn_consume; the rest
 * comes again.  Returns the count, 0 on failure (an end of input counts).
 */
size_t conn_read_some(struct conn *c, char **data, int64_t deadline);
void conn_consume(struct conn *c, size_t count);

/*
 * Waits until there is input, or deadline (0: not at all), which is no failure:
 * nothing was said, and what is buffered is not sent.  1: there is some; 0:
 * there is none, or the client has closed its side; -1 with conn_error set.
 */
int conn_await_input(struct conn *c, int64_t deadline);

/* Whether input waits in the buffer already: a pipelining client. */
int conn_has_input(const struct conn *c);

/* Throws buffered input away (after STARTTLS). */
void conn_discard_input(struct conn *c);

/* Wipes what was read and taken, the last line too: it held a secret. */
void conn_wipe_read(struct conn *c);

/*
 * Adds to the output.  Waits only where the buffer is full and the peer does
 * not take it (send_timeout).  Errors are sticky.
 */
void conn_write(struct conn *c, const void *data, size_t length);
/*
 * The free part of the output buffer, for the caller to write into: *room gets
 * its octets, at least `least` (CONN_BUFFER at most), for which what is
 * buffered may be sent first.  Say with conn_wrote how many of them it became.
 * NULL after a failure.
 */
char *conn_room(struct conn *c, size_t least, size_t *room);
void conn_wrote(struct conn *c, size_t count);
/*
 * Sends length octets of a file, from offset on, behind what is buffered, with
 * no copy where the kernel can do without.  Returns 0, or -1 with conn_error
 * set: EIO where the file is shorter.
 */
int conn_send_file(struct conn *c, int fd, uint64_t offset, uint64_t length);
void conn_puts(struct conn *c, const char *text);
/* The formatted text must be shorter than CONN_BUFFER, else EMSGSIZE. */
void conn_printf(struct conn *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Sends what is buffered, waiting.  Returns 0, or -1 with conn_error set. */
int conn_flush(struct conn *c);

#endif
