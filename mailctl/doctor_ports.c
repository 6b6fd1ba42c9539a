/* Whether each address that the confs name answers, or can be had. */
#include "doctor.h"

#include "clock.h"
#include "conf.h"
#include "listen.h"
#include "network.h"
#include "program.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ms for a connection, and for a greeting behind smtpd's pause. */
#define CONNECT_MS  2000
#define GREETING_MS 10000

/* An address that is everybody's is reached by loopback. */
static void
make_reachable(union listen_address *a)
{
	static const struct in6_addr any = IN6ADDR_ANY_INIT;
	static const struct in6_addr loopback = IN6ADDR_LOOPBACK_INIT;

	if (a->any.sa_family == AF_INET &&
	    a->in.sin_addr.s_addr == htonl(INADDR_ANY))
		a->in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else if (a->any.sa_family == AF_INET6 &&
		 memcmp(&a->in6.sin6_addr, &any, sizeof(any)) == 0)
		a->in6.sin6_addr = loopback;
}

static int
wait_for(int fd, short events, int ms)
{
	struct pollfd p = {.fd = fd, .events = events};
	int n;

	do
		n = poll(&p, 1, ms);
	while (n == -1 && errno == EINTR);
	return n == 1 ? 0 : -1;
}

/* An address, and its length. */
struct target {
	union listen_address address;
	socklen_t length;
};

/* A connection, or -1 with errno. */
static int
connect_to(const struct target *t)
{
	const struct sockaddr *a = &t->address.any;
	int fd =
	    socket(a->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int error = 0;
	socklen_t length = sizeof(error);

	if (fd == -1)
		return -1;
	if (connect(fd, a, t->length) == 0)
		return fd;
	if (errno == EINPROGRESS && wait_for(fd, POLLOUT, CONNECT_MS) == 0 &&
	    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0) {
		if (error == 0)
			return fd;
		errno = error;
	} else if (errno == EINPROGRESS) {
		errno = ETIMEDOUT;
	}
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

/* ms in which it has to greet. */
static int
patience(const struct doctor *d, enum doctor_service s)
{
	char value[64];
	int64_t pause;

	doctor_value(d, s, "greet_pause", value, sizeof(value));
	if (conf_parse_duration(value, &pause) == -1)
		pause = 0;
	return GREETING_MS + (int)(pause / CLOCK_MILLISECOND);
}

/* A balancer's connection begins with its header (trust.proxy), which doctor
 * can't write. */
static int
is_balancer(
    const struct doctor *d, enum doctor_service s, const struct target *t)
{
	char value[CONF_DUMP_VALUE_MAX], why[256], *rest = value, *item;
	struct network network;

	doctor_value(d, s, "trust.proxy", value, sizeof(value));
	while ((item = conf_dump_item(&rest)) != NULL)
		if (network_parse(item, &network, why, sizeof(why)) == 0 &&
		    network_has(&network, &t->address))
			return 1;
	return 0;
}

/* What it says first, without line feeds; "" for nothing. */
static void
read_greeting(int fd, int ms, char *to, size_t size)
{
	ssize_t n = 0;

	if (wait_for(fd, POLLIN, ms) == 0)
		n = recv(fd, to, size - 1, 0);
	to[n > 0 ? n : 0] = '\0';
	to[strcspn(to, "\r\n")] = '\0';
	for (; *to != '\0'; to++)
		if ((unsigned char)*to < ' ' || (unsigned char)*to > '~')
			*to = '?';
}

/* The service runs: it has to answer as what it is. */
static void
check_answer(struct doctor *d, enum doctor_service s, const char *address,
    const struct target *t, int is_silent)
{
	const char *wanted = s == DOCTOR_SMTPD ? "220" : "+OK";
	char said[128] = "";
	int fd = connect_to(t);

	if (fd == -1) {
		doctor_say(d, DOCTOR_ERROR,
		    "mailctl reload, if the conf was changed; else see the "
		    "service's log, and the firewall",
		    "%s does not answer at %s: %s", program_names[s], address,
		    strerror(errno));
		return;
	}
	/* With TLS the client speaks first. */
	is_silent |= is_balancer(d, s, t);
	if (!is_silent)
		read_greeting(fd, patience(d, s), said, sizeof(said));
	close(fd);
	if (is_silent || strncmp(said, wanted, 3) == 0)
		doctor_say(d, DOCTOR_GOOD, NULL, "%s answers at %s",
		    program_names[s], address);
	else if (said[0] == '\0')
		doctor_say(d, DOCTOR_ERROR,
		    "see the logs of the service and of the helpers; does the "
		    "process stand still?",
		    "who answers at %s does not greet", address);
	else
		doctor_say(d, DOCTOR_ERROR,
		    "see who has the port: ss -ltnp; and the helpers' log",
		    "who answers at %s says \"%s\"", address, said);
}

/* It does not run: whether the address can be had. */
static void
check_free(struct doctor *d, enum doctor_service s, const char *address,
    const struct target *t)
{
	const struct sockaddr *a = &t->address.any;
	int on = 1, fd;

	if (a->sa_family == AF_UNIX)
		return;
	fd = socket(a->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (a->sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(fd, a, t->length) == 0)
		doctor_say(d, DOCTOR_GOOD, NULL, "%s is free for %s", address,
		    program_names[s]);
	else if (errno == EADDRINUSE)
		doctor_say(d, DOCTOR_ERROR,
		    "see who has it (ss -ltnp), and stop that program; "
		    "systemd may hold it for ringmail (systemctl "
		    "list-sockets)",
		    "%s, which %s wants, is taken", address, program_names[s]);
	else if (errno != EACCES)
		doctor_say(d, DOCTOR_ERROR,
		    "name an address that this machine has",
		    "%s can't be had: %s", address, strerror(errno));
	close(fd);
}

static int
check_list(struct doctor *d, enum doctor_service s, const char *setting)
{
	char value[CONF_DUMP_VALUE_MAX], why[256], *rest = value, *item;
	int is_tls = strcmp(setting, "listen_tls") == 0, count = 0;
	struct target t;

	doctor_value(d, s, setting, value, sizeof(value));
	while ((item = conf_dump_item(&rest)) != NULL) {
		count++;
		memset(&t, 0, sizeof(t));
		t.length = listen_parse(item, &t.address, why, sizeof(why));
		if (t.length == 0) {
			doctor_say(d, DOCTOR_ERROR, NULL, "%s: %s", item, why);
			continue;
		}
		if (doctor_pid(d, s) == 0) {
			check_free(d, s, item, &t);
			continue;
		}
		make_reachable(&t.address);
		check_answer(d, s, item, &t, is_tls);
	}
	return count;
}

void
doctor_ports(struct doctor *d)
{
	int mail = check_list(d, DOCTOR_SMTPD, "listen"), users;

	users = check_list(d, DOCTOR_SMTPD, "listen_submission");
	users += check_list(d, DOCTOR_SMTPD, "listen_tls");
	users += check_list(d, DOCTOR_SMTPD, "listen_lmtp");
	if (d->confs[DOCTOR_SMTPD].text != NULL && mail + users == 0)
		doctor_say(d, DOCTOR_ERROR, "set listen in smtpd.conf",
		    "smtpd listens nowhere");
	users = check_list(d, DOCTOR_POP3D, "listen");
	users += check_list(d, DOCTOR_POP3D, "listen_tls");
	if (d->confs[DOCTOR_POP3D].text != NULL && users == 0)
		doctor_say(d, DOCTOR_ERROR, "set listen_tls in pop3d.conf",
		    "pop3d listens nowhere");
}
