/* See tls_load.h. */
#include "tls_load.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CLIENTS_MAX = 1024, READ_SIZE = 65536, FAILURES_MAX = 100 };

enum what { HANDS, HELLO, RETR };

struct client {
	int fd, number;
	SSL *ssl;
	int64_t began;
	int step;   /* of the talk, once TLS is there */
	size_t got; /* octets of this round of letters */
};

static enum what what;
static struct client clients[CLIENTS_MAX];
static int port, count, is_resumed, letters;
static int64_t end;
static SSL_CTX *context;
static SSL_SESSION *session; /* to be taken up */
static int loop;	     /* epoll */
static const char *prefix, *domain;

/* The same ClientHello for all, and the requests for all letters. */
static unsigned char hello[4096];
static size_t hello_length, requests_length;
static char *requests;
static size_t round_length; /* octets of all letters, once known */

static long done, resumed, failed;
static uint64_t octets;

/* -- connections */

static void
open_client(struct client *c)
{
	struct epoll_event e = {
	    .events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c};

	c->began = load_now();
	c->step = 0;
	c->got = 0;
	c->fd = load_connect(port, SOCK_NONBLOCK);
	if (what != HELLO) {
		if ((c->ssl = SSL_new(context)) == NULL ||
		    SSL_set_fd(c->ssl, c->fd) != 1)
			load_die("no memory");
		if (is_resumed && session != NULL)
			SSL_set_session(c->ssl, session);
		SSL_set_connect_state(c->ssl);
	}
	if (epoll_ctl(loop, EPOLL_CTL_ADD, c->fd, &e) == -1)
		load_die("epoll_ctl");
}

static void
close_client(struct client *c)
{
	const struct linger reset = {.l_onoff = 1};

	if (c->ssl != NULL) {
		/* As good as ended: a session may be taken up again. */
		SSL_set_shutdown(
		    c->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
		SSL_free(c->ssl);
		c->ssl = NULL;
	}
	if (what == HELLO)
		setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(c->fd);
	c->fd = -1;
}

static void
fail(struct client *c)
{
	if (++failed > FAILURES_MAX)
		load_die("too many failures");
	close_client(c);
	open_client(c);
}

/* -- handshakes */

static int
keep_session(SSL *ssl, SSL_SESSION *new)
{
	(void)ssl;
	if (!is_resumed)
		return 0;
	SSL_SESSION_free(session);
	session = new;
	return 1;
}

/* 1: it is there; 0: under way; -1: it failed. */
static int
shake_hands(struct client *c)
{
	int result, why;

	if (SSL_is_init_finished(c->ssl))
		return 1;
	ERR_clear_error();
	if ((result = SSL_connect(c->ssl)) == 1)
		return 1;
	why = SSL_get_error(c->ssl, result);
	if (why == SSL_ERROR_SYSCALL && errno == ENOTCONN)
		return 0;
	return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? 0
									 : -1;
}

/* Octets of text, 0: none now, -1: cut off. */
static int
read_text(struct client *c, char *to, int size)
{
	int n, why;

	ERR_clear_error();
	if ((n = SSL_read(c->ssl, to, size)) > 0)
		return n;
	why = SSL_get_error(c->ssl, n);
	return why == SSL_ERROR_WANT_READ ? 0 : -1;
}

static void
run_hands(struct client *c)
{
	char text[1024];
	int n = shake_hands(c);

	if (n == 1)
		n = read_text(c, text, sizeof(text));
	if (n == -1) {
		fail(c);
	} else if (n > 0) {
		done++;
		resumed += SSL_session_reused(c->ssl);
		load_took(load_now() - c->began);
		close_client(c);
		open_client(c);
	}
}

static void
make_hello(void)
{
	SSL *ssl = SSL_new(context);
	BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
	int n;

	if (ssl == NULL || in == NULL || out == NULL)
		load_die("no memory");
	SSL_set_bio(ssl, in, out);
	SSL_set_connect_state(ssl);
	SSL_do_handshake(ssl);
	if ((n = BIO_read(out, hello, sizeof(hello))) <= 0)
		load_die("there is no ClientHello");
	hello_length = (size_t)n;
	SSL_free(ssl);
}

static void
run_hello(struct client *c, uint32_t events)
{
	char octet;
	ssize_t n;

	if (events & (EPOLLERR | EPOLLHUP)) {
		fail(c);
		return;
	}
	if (c->step == 0 && (events & EPOLLOUT)) {
		c->step = 1;
		if (send(c->fd, hello, hello_length, MSG_NOSIGNAL) !=
		    (ssize_t)hello_length) {
			fail(c);
			return;
		}
	}
	if ((n = recv(c->fd, &octet, 1, 0)) == -1 && errno == EAGAIN)
		return;
	if (n != 1) {
		fail(c);
		return;
	}
	done++;
	close_client(c);
	open_client(c);
}

/* -- letters */

static void
make_requests(void)
{
	size_t room = (size_t)letters * 16 + 1;

	if ((requests = malloc(room)) == NULL)
		load_die("no memory");
	for (int i = 1; i <= letters; i++)
		requests_length += (size_t)snprintf(requests + requests_length,
		    room - requests_length, "RETR %d\r\n", i);
}

static void
say(struct client *c, const char *words, size_t length)
{
	if (SSL_write(c->ssl, words, (int)length) != (int)length)
		load_die("a session of letters can't write");
}

/* The steps of a login: each answers a line that began with "+". */
static void
log_in(struct client *c, const char *text)
{
	char words[256];

	if (text[0] != '+')
		load_die("a login was refused");
	switch (c->step++) {
	case 0:
		snprintf(words, sizeof(words), "USER %s%d@%s\r\n", prefix,
		    c->number, domain);
		say(c, words, strlen(words));
		break;
	case 1:
		say(c, "PASS pw\r\n", 9);
		break;
	default:
		say(c, requests, requests_length);
	}
}

/* How many letters end in all that has come, to the first client. */
static long
count_ends(const char *text, size_t length)
{
	static char tail[4 + READ_SIZE];
	static size_t tail_length;
	static long ends;
	const char *at = tail, *next;

	memcpy(tail + tail_length, text, length);
	length += tail_length;
	while ((next = memmem(at, (size_t)(tail + length - at), "\r\n.\r\n",
		    5)) != NULL) {
		ends++;
		at = next + 5;
	}
	tail_length = (size_t)(tail + length - at);
	if (tail_length > 4)
		tail_length = 4;
	memmove(tail, tail + length - tail_length, tail_length);
	return ends;
}

/* Some of the letters: they are as long for all clients, so that the first one
 * finds their ends in its first round, and from there on octets are counted. */
static void
take_letters(struct client *c, const char *text, size_t length)
{
	octets += length;
	c->got += length;
	if (round_length == 0 && count_ends(text, length) == letters) {
		round_length = c->got;
		for (int i = 1; i < count; i++)
			open_client(&clients[i]);
	}
	if (round_length == 0 || c->got < round_length)
		return;
	if (c->got > round_length || text[length - 1] != '\n' ||
	    (length >= 3 && text[length - 3] != '.'))
		load_die("letters did not end where they should");
	done += letters;
	load_took(load_now() - c->began);
	c->began = load_now();
	c->got = 0;
	say(c, requests, requests_length);
}

static void
run_retr(struct client *c)
{
	static char text[READ_SIZE];
	int n = shake_hands(c);

	if (n == -1)
		load_die("a handshake failed");
	while (n > 0 && (n = read_text(c, text, sizeof(text))) > 0) {
		if (c->step < 3)
			log_in(c, text);
		else
			take_letters(c, text, (size_t)n);
	}
	if (n == -1)
		load_die("a session of letters was cut off");
}

/* -- the whole */

static void
make_context(const char *version)
{
	int number =
	    strcmp(version, "1.2") == 0 ? TLS1_2_VERSION : TLS1_3_VERSION;

	if ((context = SSL_CTX_new(TLS_client_method())) == NULL ||
	    SSL_CTX_set_min_proto_version(context, number) != 1 ||
	    SSL_CTX_set_max_proto_version(context, number) != 1 ||
	    SSL_CTX_set1_groups_list(context, "X25519:P-256") != 1)
		load_die("no memory");
	SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
	SSL_CTX_set_read_ahead(context, 1);
	SSL_CTX_set_session_cache_mode(
	    context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(context, keep_session);
	/* The kind of certificate that most servers have in common. */
	if (SSL_CTX_set1_sigalgs_list(context, "ECDSA+SHA256") != 1)
		load_die("signature algorithms");
}

static void
run(void)
{
	struct epoll_event events[64];
	int n;

	loop = epoll_create1(EPOLL_CLOEXEC);
	for (int i = 0; i < count; i++) {
		clients[i].number = i;
		if (i == 0 || what != RETR)
			open_client(&clients[i]);
	}
	while (load_now() < end) {
		if ((n = epoll_wait(loop, events, 64, 1000)) == -1)
			load_die("epoll_wait");
		for (int i = 0; i < n; i++) {
			struct client *c = events[i].data.ptr;

			if (what == HANDS)
				run_hands(c);
			else if (what == HELLO)
				run_hello(c, events[i].events);
			else
				run_retr(c);
		}
	}
}

static void
report(int64_t began)
{
	double seconds = (double)(load_now() - began) / 1e9;

	load_print_times();
	printf("done=%ld rate=%.1f resumed=%ld failed=%ld mb_s=%.2f "
	       "cpu_us=%.1f busy=%.2f\n",
	    done, (double)done / seconds, resumed, failed,
	    (double)octets / seconds / 1e6,
	    done > 0 ? (double)load_cpu() / 1e3 / (double)done : 0.0,
	    (double)load_cpu() / 1e9 / seconds);
}

/* The words after CLIENTS; -1: they are not right. */
static int
take_words(int argc, char **argv)
{
	const char *version = "1.3";

	if (strcmp(argv[1], "hands") == 0 && argc == 7) {
		what = HANDS;
		version = argv[5];
		is_resumed = strcmp(argv[6], "resumed") == 0;
	} else if (strcmp(argv[1], "hello") == 0 && argc == 5) {
		what = HELLO;
		setpriority(PRIO_PROCESS, 0, 19);
	} else if (strcmp(argv[1], "retr") == 0 && argc == 8) {
		what = RETR;
		letters = (int)strtol(argv[5], NULL, 10);
		prefix = argv[6];
		domain = argv[7];
		make_requests();
	} else {
		return -1;
	}
	make_context(version);
	if (what == HELLO)
		make_hello();
	return 0;
}

int
main(int argc, char **argv)
{
	int64_t began = load_now();

	if (argc < 4)
		load_die("what, port and seconds are wanted");
	signal(SIGPIPE, SIG_IGN);
	port = (int)strtol(argv[2], NULL, 10);
	count = argc > 4 ? (int)strtol(argv[4], NULL, 10) : 1;
	end = began + (int64_t)(strtod(argv[3], NULL) * (double)SECOND);
	if (strcmp(argv[1], "noop") == 0) {
		plain_noop(port, end);
	} else if (strcmp(argv[1], "letter") == 0 && argc == 5) {
		plain_letter(port, end, argv[4]);
	} else if (count > 0 && count <= CLIENTS_MAX &&
		   take_words(argc, argv) == 0) {
		run();
		report(began);
		return 0;
	} else {
		errno = EINVAL;
		load_die(argv[1]);
	}
	printf("busy=%.2f\n",
	    (double)load_cpu() / 1e9 / ((double)(load_now() - began) / 1e9));
	return 0;
}
