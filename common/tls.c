#include "tls.h"

#include "sched.h"
#include "tls_conf.h"
#include "tls_identity.h"
#include "tls_offload.h"
#include "tls_provider.h"
#include "tls_sign.h"

#include <errno.h>
#include <openssl/err.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

/* Octets that may come with no text in them (new keys, alerts): each record
 * costs us more than the client.  The largest record with text is a quarter. */
#define SILENT_MOST 65536

#define EXPORTER	"EXPORTER-Channel-Binding"
#define EXPORTER_LENGTH 32

struct tls {
	SSL *ssl;
	struct watch *watch;
	int error;	/* errno of what went wrong for good */
	int is_blocked; /* the socket had nothing, or no room */
	int is_shut;	/* we said close_notify */
	size_t silent;	/* octets since the last text */
	struct tls_early early;
	char *peer; /* NULL: none */
};

/* -- the socket, as OpenSSL sees it */

static BIO_METHOD *method;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static int
take_early(struct tls *t, char *to, int size)
{
	size_t n =
	    t->early.length < (size_t)size ? t->early.length : (size_t)size;

	memcpy(to, t->early.data, n);
	t->early.data += n;
	t->early.length -= n;
	return (int)n;
}

static int
bio_read(BIO *bio, char *to, int size)
{
	struct tls *t = BIO_get_data(bio);
	struct watch *w = t->watch;
	ssize_t n;

	BIO_clear_retry_flags(bio);
	if (t->early.length > 0)
		return take_early(t, to, size);
	errno = EAGAIN;
	n = -1;
	if (w->ready & EPOLLIN)
		do
			n = recv(w->fd, to, (size_t)size, 0);
		while (n == -1 && errno == EINTR);
	if (n > 0) {
		t->silent += (size_t)n;
		/* Less than asked for: the next octet is an edge.  The end may
		 * have had its edge together with them. */
		if (n < size &&
		    !(w->ready & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)))
			w->ready &= ~(uint32_t)EPOLLIN;
		return (int)n;
	}
	if (n == -1 && errno == EAGAIN) {
		w->ready &= ~(uint32_t)EPOLLIN;
		t->is_blocked = 1;
		BIO_set_retry_read(bio);
	} else {
		t->error = n == 0 ? ECONNRESET : errno;
	}
	return (int)n;
}

static int
bio_write(BIO *bio, const char *data, int length)
{
	struct tls *t = BIO_get_data(bio);
	ssize_t n;

	BIO_clear_retry_flags(bio);
	do
		n = send(t->watch->fd, data, (size_t)length, MSG_NOSIGNAL);
	while (n == -1 && errno == EINTR);
	if (n == -1 && errno == EAGAIN) {
		t->is_blocked = 1;
		BIO_set_retry_write(bio);
	} else if (n == -1) {
		t->error = errno;
	}
	return (int)n;
}

static long
bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
	(void)bio;
	(void)number;
	(void)pointer;
	return command == BIO_CTRL_FLUSH;
}

static void
make_method(void)
{
	BIO_METHOD *m =
	    BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "watch");

	if (m != NULL && BIO_meth_set_read(m, bio_read) == 1 &&
	    BIO_meth_set_write(m, bio_write) == 1 &&
	    BIO_meth_set_ctrl(m, bio_ctrl) == 1)
		method = m;
}

/* ssl, which may be NULL, is taken over. */
static struct tls *
new_tls(struct watch *w, SSL *ssl)
{
	struct tls *t = calloc(1, sizeof(*t));
	BIO *bio = NULL;

	pthread_once(&once, make_method);
	if (t != NULL && method != NULL && ssl != NULL &&
	    (bio = BIO_new(method)) != NULL) {
		t->ssl = ssl;
		t->watch = w;
		BIO_set_data(bio, t);
		BIO_set_init(bio, 1);
		SSL_set_bio(t->ssl, bio, bio);
		return t;
	}
	ERR_clear_error();
	SSL_free(ssl);
	free(t);
	return NULL;
}

/* -- the handshake */

static int
step(struct tls *t, struct tls_signing *signing)
{
	int result, why;

	t->is_blocked = 0;
	ERR_clear_error();
	tls_sign_begin(signing);
	result = SSL_do_handshake(t->ssl);
	tls_sign_begin(NULL);
	why = SSL_get_error(t->ssl, result);
	ERR_clear_error();
	return why;
}

/* What the failure of OpenSSL means; the first one counts. */
static int
set_error(struct tls *t, const struct tls_signing *signing)
{
	if (signing != NULL && signing->error != 0)
		t->error = signing->error == ETIMEDOUT	 ? ETIMEDOUT
			   : signing->error == ECANCELED ? ECANCELED
							 : EIO;
	if (t->error == 0)
		t->error = EPROTO;
	errno = t->error;
	return -1;
}

static int
shake_hands(struct tls *t, int64_t deadline)
{
	struct tls_signing signing = {.deadline = deadline};
	uint32_t wanted;

	for (;;) {
		switch (step(t, &signing)) {
		case SSL_ERROR_NONE:
			return 0;
		case SSL_ERROR_WANT_READ:
			wanted = EPOLLIN;
			break;
		case SSL_ERROR_WANT_WRITE:
			wanted = EPOLLOUT;
			break;
		default:
			return set_error(t, &signing);
		}
		if (t->is_blocked && !(t->watch->ready & wanted & EPOLLIN) &&
		    watch_wait(t->watch, wanted, deadline) == -1) {
			t->error = errno;
			return -1;
		}
	}
}

/* One handshake of another worker's session. */
struct shake {
	struct tls *tls;
	int64_t deadline;
	int error; /* errno, 0: it went well */
};

static void
shake_main(void *arg)
{
	struct shake *s = arg;
	struct watch *theirs = s->tls->watch, ours;

	s->error = 0;
	if (watch_open(&ours, ring_self(), theirs->fd) == -1) {
		s->error = errno;
		return;
	}
	s->tls->watch = &ours;
	if (shake_hands(s->tls, s->deadline) == -1)
		s->error = errno;
	s->tls->watch = theirs;
	watch_close(&ours);
}

/*
 * Where this worker has a partner, over there: the socket is watched there
 * meanwhile.
 */
static int
shake_aside(struct tls *t, int64_t deadline)
{
	struct shake s = {.tls = t, .deadline = deadline};
	struct watch *w = t->watch;
	struct ring *ring = w->ring;
	int fd = w->fd;

	if (!tls_offload_is_there())
		return shake_hands(t, deadline);
	watch_close(w);
	/* Whoever closes the connection later asks the watch for it. */
	w->fd = fd;
	if (tls_offload_call(shake_main, &s, deadline) == -1)
		s.error = errno;
	if (watch_open(w, ring, fd) == -1 && s.error == 0)
		s.error = errno;
	w->fd = fd;
	/* What the socket has is told anew. */
	w->ready = EPOLLOUT;
	errno = t->error = s.error;
	return s.error == 0 ? 0 : -1;
}

/* Nobody can have sent so much before we had said anything. */
static int
check_early(const struct tls *t)
{
	errno = EPROTO;
	return t->early.length == 0 ? 0 : -1;
}

struct tls *
tls_accept(struct watch *w, struct tls_conf *conf, struct tls_early early,
    int64_t deadline)
{
	struct tls *t = new_tls(w, tls_conf_connection(conf));
	int saved;

	if (t == NULL) {
		errno = ENOMEM;
		return NULL;
	}
	t->early = early;
	if (shake_aside(t, deadline) == -1 || check_early(t) == -1) {
		saved = errno;
		tls_close(&t);
		errno = saved;
		return NULL;
	}
	t->peer = tls_identity(t->ssl);
	/* It was sent, and is not needed for what follows. */
	SSL_set_tlsext_status_ocsp_resp(t->ssl, NULL, 0);
	ERR_clear_error();
	return t;
}

struct tls *
tls_connect(struct watch *w, SSL *ssl, int64_t deadline)
{
	struct tls *t = new_tls(w, ssl);
	int saved;

	errno = ENOMEM;
	if (t == NULL || shake_aside(t, deadline) == 0)
		return t;
	saved = errno;
	tls_close(&t);
	errno = saved;
	return NULL;
}

/* -- text */

/* After a call that did not succeed: EAGAIN to come again later, 0 to do so at
 * once, another errno for the end. */
static int
why_not(struct tls *t, int result)
{
	int why = SSL_get_error(t->ssl, result);

	ERR_clear_error();
	if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) {
		if (t->silent > SILENT_MOST)
			return t->error = EPROTO;
		return t->is_blocked ? EAGAIN : 0;
	}
	if (why == SSL_ERROR_ZERO_RETURN)
		return ESHUTDOWN;
	set_error(t, NULL);
	return t->error;
}

ssize_t
tls_read(struct tls *t, void *data, size_t size)
{
	int n, why = t->error;

	while (why == 0) {
		t->is_blocked = 0;
		ERR_clear_error();
		n = SSL_read(t->ssl, data, (int)size);
		if (n > 0) {
			t->silent = 0;
			return n;
		}
		why = why_not(t, n);
		if (why == 0)
			sched_be_fair(sched_worker());
	}
	if (why == ESHUTDOWN)
		return 0;
	errno = why;
	return -1;
}

int
tls_has_input(const struct tls *t)
{
	return t->error == 0 && SSL_pending(t->ssl) > 0;
}

ssize_t
tls_write(struct tls *t, const void *data, size_t size)
{
	int n, why = t->error;

	while (why == 0) {
		t->is_blocked = 0;
		ERR_clear_error();
		n = SSL_write(
		    t->ssl, data, size < INT32_MAX ? (int)size : INT32_MAX);
		if (n > 0)
			return n;
		why = why_not(t, n);
	}
	errno = why == ESHUTDOWN ? EPIPE : why;
	return -1;
}

void
tls_shutdown(struct tls *t)
{
	if (t->is_shut || t->error != 0 || !SSL_is_init_finished(t->ssl))
		return;
	t->is_shut = 1;
	ERR_clear_error();
	SSL_shutdown(t->ssl);
	ERR_clear_error();
}

void
tls_close(struct tls **t)
{
	struct tls *old = *t;

	*t = NULL;
	if (old == NULL)
		return;
	tls_shutdown(old);
	SSL_free(old->ssl);
	free(old->peer);
	free(old);
	ERR_clear_error();
}

/* -- what was agreed on */

static const char *
group_name(SSL *ssl)
{
	int nid = (int)SSL_get_negotiated_group(ssl);

	switch (nid) {
	case NID_undef:
		return "";
	case NID_X9_62_prime256v1:
		return "P-256";
	case NID_secp384r1:
		return "P-384";
	case NID_secp521r1:
		return "P-521";
	default:
		return OBJ_nid2sn(nid);
	}
}

/* As the registry of RFC 8446 11 has it, which RFC 8314 4.3 asks for. */
static const char *
cipher_name(const SSL *ssl)
{
	const SSL_CIPHER *cipher = SSL_get_current_cipher(ssl);
	const char *name =
	    cipher != NULL ? SSL_CIPHER_standard_name(cipher) : NULL;

	return name != NULL ? name : "";
}

void
tls_describe(const struct tls *t, struct tls_info *info)
{
	const char *name =
	    SSL_get_servername(t->ssl, TLSEXT_NAMETYPE_host_name);

	*info = (struct tls_info){.version = SSL_get_version(t->ssl),
	    .cipher = cipher_name(t->ssl),
	    .group = group_name(t->ssl),
	    .name = name != NULL ? name : "",
	    .peer = t->peer != NULL ? t->peer : "",
	    .is_resumed = SSL_session_reused(t->ssl)};
	ERR_clear_error();
}

const char *
tls_peer(const struct tls *t)
{
	return t->peer;
}

size_t
tls_bind(struct tls *t, enum tls_binding kind, unsigned char *to)
{
	size_t length = 0;

	if (kind == TLS_SERVER_END_POINT)
		return tls_conf_end_point(t->ssl, to);
	/* RFC 9266 3: not where the master secret may be another's, too. */
	if (SSL_version(t->ssl) < TLS1_3_VERSION &&
	    SSL_get_extms_support(t->ssl) != 1)
		return 0;
	/* RFC 9266 2: its context is empty, which RFC 5705 4 tells from none.
	 */
	if (SSL_export_keying_material(t->ssl, to, EXPORTER_LENGTH, EXPORTER,
		sizeof(EXPORTER) - 1, (const unsigned char *)"", 0, 1) == 1)
		length = EXPORTER_LENGTH;
	ERR_clear_error();
	return length;
}
