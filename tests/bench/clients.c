/*
 * clients -- holds idle clients, and beside them measures an active one.
 *
 *	clients smtp|pop3 PORT IDLE [USERS]
 *
 * Opens IDLE connections to 127.0.0.1:PORT.  An SMTP client stops after the
 * reply to EHLO, a POP3 client after its login as one of the users u0, u1, ...
 * (as many as USERS; password pw).  Prints "ready=N failed=N".  Then, for each
 * line "active N" from standard input, lets one more client do N NOOPs and
 * prints "noop_ns=N" (their median), "session_ns=N" (connect, greet, QUIT);
 * at the end of input it hangs up and ends.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	AT_ONCE = 50,		 /* clients that are not yet idle */
	PER_ADDRESS = 20000,	 /* a source address has some 28,000 ports */
	ACTIVE_ADDRESS = 100,	 /* its ports are free: none is searched for */
	REPLY_MAX = 4096,	 /* octets of one reply */
	PATIENCE_MS = 30 * 1000, /* with which nothing at all happens */
	ACTIVE_MAX = 100000
};

struct client {
	int fd, step, user;
	char line[64]; /* how the reply's current line begins */
	unsigned length;
};

static int is_smtp, port, wanted, users;
static int ready, failed;

static int64_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static int
open_socket(int number, int flags)
{
	const int on = 1;
	struct sockaddr_in from = {.sin_family = AF_INET}, to = from;
	int fd = socket(AF_INET, SOCK_STREAM | flags, 0);

	from.sin_addr.s_addr =
	    htonl(INADDR_LOOPBACK + (uint32_t)(number / PER_ADDRESS));
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	to.sin_port = htons((uint16_t)port);
	if (fd == -1)
		return -1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&from, sizeof(from)) == 0 &&
	    (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0 ||
		errno == EINPROGRESS))
		return fd;
	close(fd);
	return -1;
}

/* What a client says after its step'th reply; NULL: it is idle now. */
static const char *
next_words(int step, int user)
{
	static char words[64];

	if (is_smtp)
		return step == 0 ? "EHLO bench.example\r\n" : NULL;
	if (step == 1)
		return "PASS pw\r\n";
	if (step > 1)
		return NULL;
	snprintf(words, sizeof(words), "USER u%d@bench.test\r\n", user);
	return words;
}

/* Takes octets of a reply: 1 if it is whole and good, -1 if it is bad. */
static int
take_reply(struct client *c, const char *data, size_t count)
{
	int whole = 0;
	size_t i;

	for (i = 0; i < count; i++) {
		if (c->length < sizeof(c->line))
			c->line[c->length++] = data[i];
		if (data[i] != '\n')
			continue;
		if (is_smtp ? c->line[0] != '2' : c->line[0] != '+')
			return -1;
		/* RFC 5321 4.2.1: a blank after the code ends a reply. */
		whole = !is_smtp || (c->length > 3 && c->line[3] == ' ');
		c->length = 0;
	}
	return whole;
}

/* A client has input.  0 while it is under way, else it is done. */
static int
advance(struct client *c)
{
	char data[REPLY_MAX];
	const char *words;
	ssize_t n = read(c->fd, data, sizeof(data));
	int whole;

	if (n == -1 && errno == EAGAIN)
		return 0;
	if (n <= 0 || (whole = take_reply(c, data, (size_t)n)) == -1)
		goto lost;
	if (!whole)
		return 0;
	if ((words = next_words(c->step++, c->user)) == NULL) {
		ready++;
		return 1;
	}
	if (write(c->fd, words, strlen(words)) == (ssize_t)strlen(words))
		return 0;
lost:
	if (failed++ < 5)
		fprintf(stderr, "clients: step %d of client %d failed: %.*s\n",
		    c->step, c->user, (int)c->length, c->line);
	close(c->fd);
	return 1;
}

static int
start(struct client *c, int epoll, int number)
{
	struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};

	c->user = number % users;
	c->fd = open_socket(number, SOCK_NONBLOCK);
	if (c->fd != -1 && epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &e) == 0)
		return 0;
	if (failed++ < 5)
		perror("clients: connect");
	return -1;
}

static void
open_idle(struct client *clients)
{
	struct epoll_event events[AT_ONCE];
	int epoll = epoll_create1(EPOLL_CLOEXEC), started = 0, under_way = 0;
	int n, i;

	while (ready + failed < wanted) {
		while (started < wanted && under_way < AT_ONCE) {
			if (start(&clients[started], epoll, started) == 0)
				under_way++;
			started++;
		}
		n = epoll_wait(epoll, events, AT_ONCE, PATIENCE_MS);
		if (n == 0)
			fprintf(stderr, "clients: nothing happens\n");
		if (n <= 0)
			break;
		for (i = 0; i < n; i++) {
			struct client *c = events[i].data.ptr;
			int fd = c->fd;

			if (!advance(c))
				continue;
			under_way--;
			epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL);
		}
	}
	close(epoll);
}

/* Says words (NULL for none) and waits for the reply; 0, or -1. */
static int
say(struct client *c, const char *words)
{
	char data[REPLY_MAX];
	int whole = 0;
	ssize_t n;

	if (words != NULL &&
	    write(c->fd, words, strlen(words)) != (ssize_t)strlen(words))
		return -1;
	while (whole == 0) {
		if ((n = read(c->fd, data, sizeof(data))) <= 0)
			return -1;
		whole = take_reply(c, data, (size_t)n);
	}
	return whole == 1 ? 0 : -1;
}

static int
compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static int64_t
median(int64_t *figures, int count)
{
	qsort(figures, (size_t)count, sizeof(*figures), compare);
	return figures[count / 2];
}

/* POP3 has no NOOP before the login: USER does as little. */
static int64_t
time_noops(int count, int64_t *took)
{
	const char *words = is_smtp ? "NOOP\r\n" : "USER nobody\r\n";
	struct client c = {.fd = open_socket(ACTIVE_ADDRESS * PER_ADDRESS, 0)};
	int64_t start;
	int i;

	if (c.fd == -1 || say(&c, NULL) == -1 ||
	    (is_smtp && say(&c, "EHLO bench.example\r\n") == -1))
		exit(1);
	for (i = 0; i < count; i++) {
		start = now();
		if (say(&c, words) == -1)
			exit(1);
		took[i] = now() - start;
	}
	say(&c, "QUIT\r\n");
	close(c.fd);
	return median(took, count);
}

static int64_t
time_sessions(int count, int64_t *took)
{
	int64_t start;
	int i;

	for (i = 0; i < count; i++) {
		struct client c = {0};

		start = now();
		if ((c.fd = open_socket(ACTIVE_ADDRESS * PER_ADDRESS, 0)) ==
			-1 ||
		    say(&c, NULL) == -1 ||
		    (is_smtp && say(&c, "EHLO bench.example\r\n") == -1) ||
		    say(&c, "QUIT\r\n") == -1)
			exit(1);
		close(c.fd);
		took[i] = now() - start;
	}
	return median(took, count);
}

static void
serve_commands(void)
{
	static int64_t took[ACTIVE_MAX];
	char line[64];

	while (fgets(line, sizeof(line), stdin) != NULL) {
		long count = 0;

		if (strncmp(line, "active ", 7) == 0)
			count = strtol(line + 7, NULL, 10);
		if (count < 1 || count > ACTIVE_MAX)
			exit(2);
		printf("noop_ns=%jd ", (intmax_t)time_noops((int)count, took));
		printf("session_ns=%jd\n",
		    (intmax_t)time_sessions((int)(count + 9) / 10, took));
		fflush(stdout);
	}
}

int
main(int argc, char **argv)
{
	struct rlimit files;
	struct client *clients;

	if (argc < 4)
		goto usage;
	is_smtp = strcmp(argv[1], "smtp") == 0;
	port = (int)strtol(argv[2], NULL, 10);
	wanted = (int)strtol(argv[3], NULL, 10);
	users = argc > 4 ? (int)strtol(argv[4], NULL, 10) : 1;
	if (port < 1 || port > 65535 || wanted < 0 || users < 1)
		goto usage;
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	if ((clients = calloc((size_t)wanted + 1, sizeof(*clients))) == NULL)
		return 1;
	open_idle(clients);
	printf("ready=%d failed=%d\n", ready, failed);
	fflush(stdout);
	serve_commands();
	free(clients);
	return 0;
usage:
	fprintf(stderr, "usage: clients smtp|pop3 port idle [users]\n");
	return 2;
}
