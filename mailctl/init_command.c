#include "init_command.h"

#include "ask.h"
#include "clock.h"
#include "doctor_command.h"
#include "hostname.h"
#include "init_conf.h"
#include "output.h"
#include "program.h"
#include "secret.h"
#include "where.h"
#include "wire.h"

#include <err.h>
#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NAME_SIZE 256
/* Octets of a folder below which sockets fit. */
#define BELOW_MAX 60
/* How long helpers may take to start. */
#define START_TIME (60 * CLOCK_SECOND)

#define LETTERS                                                \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" \
	"0123456789-"

/* A domain, or a host's name, as a conf can hold it: labels (RFC 1035 2.3.4) of
 * which there are two at least. */
static int
is_name(const char *text)
{
	size_t length;
	int labels = 0;

	if (strlen(text) > 253)
		return 0;
	for (;; text++) {
		length = strspn(text, LETTERS);
		if (length == 0 || length > 63 || text[0] == '-' ||
		    text[length - 1] == '-')
			return 0;
		labels++;
		text += length;
		if (*text != '.')
			return *text == '\0' && labels > 1;
	}
}

/* Likewise; where it is none, says so. */
static int
check_name(const char *text)
{
	if (is_name(text))
		return 0;
	warnx("\"%.80s\" is no full name: write it like example.org (letters, "
	      "digits, hyphens and dots; other scripts in their xn-- form)",
	    text);
	return -1;
}

static int
check_below(const char *path)
{
	if (path[0] == '/' && path[strcspn(path, "\"\\\n")] == '\0' &&
	    strlen(path) <= BELOW_MAX)
		return 0;
	warnx("--below takes a path that begins with /, of at most %d octets "
	      "without quotes",
	    BELOW_MAX);
	return -1;
}

/* 0, or -1: the line makes no sense. */
static int
take_line(struct init *i, char **args, int count)
{
	int k;

	for (k = 0; k < count && args[k][0] == '-'; k++) {
		if (strcmp(args[k], "--force") == 0)
			i->is_forced = 1;
		else if (strcmp(args[k], "--no-user") == 0)
			i->adds_user = 0;
		else if (strcmp(args[k], "--hostname") == 0 && k + 1 < count)
			i->hostname = args[++k];
		else if (strcmp(args[k], "--below") == 0 && k + 1 < count)
			i->below = args[++k];
		else
			return -1;
	}
	if (k + 1 != count || check_name(args[k]) == -1 ||
	    (i->hostname != NULL && check_name(i->hostname) == -1) ||
	    (i->below != NULL && check_below(i->below) == -1))
		return -1;
	i->domain = args[k];
	return 0;
}

/* This host's name as DNS knows it, or the usual one of the domain. */
static void
find_hostname(const char *domain, char name[NAME_SIZE])
{
	hostname_find(name, NAME_SIZE);
	if (!is_name(name) || strncmp(name, "localhost", 9) == 0)
		snprintf(name, NAME_SIZE, "mail.%.240s", domain);
}

/* The users of the processes, which the package or tools/setup.sh makes. */
static int
check_users(void)
{
	static const char *const users[] = {"ringdns", "ringacct", "ringhash",
	    "ringtoken", "ringstat", "ringbox", "ringkey", "ringsmtp",
	    "ringpop", "ringmail"};
	int missing = 0;

	for (size_t i = 0; i < sizeof(users) / sizeof(users[0]); i++) {
		if (getpwnam(users[i]) != NULL)
			continue;
		missing = 1;
		warnx("there is no system user %s: useradd --system "
		      "--user-group --no-create-home --shell "
		      "/usr/sbin/nologin %s",
		    users[i], users[i]);
	}
	return missing ? -1 : 0;
}

/* Whether nobody listens at path: what is left of those who did counts for
 * nothing, nor does what will listen in a moment. */
static int
is_deserted(const char *path)
{
	int fd = client_dial(path);

	if (fd == -1)
		return errno == ENOENT || errno == ECONNREFUSED;
	close(fd);
	return 0;
}

/* Waits until accounts listens.  0, or -1; *helpers is 0 where they ended. */
static int
await_socket(const char *path, pid_t *helpers)
{
	const struct timespec nap = {.tv_nsec = 50 * CLOCK_MILLISECOND};
	int64_t end = clock_after(START_TIME);
	int status;

	while (is_deserted(path)) {
		if (waitpid(*helpers, &status, WNOHANG) == *helpers) {
			*helpers = 0;
			return -1;
		}
		if (clock_now() > end)
			return -1;
		nanosleep(&nap, NULL);
	}
	return 0;
}

static void
stop(pid_t helpers)
{
	if (helpers <= 0)
		return;
	kill(helpers, SIGTERM);
	while (waitpid(helpers, NULL, 0) == -1 && errno == EINTR)
		;
}

/* Adds the domain, or leaves it as it is. */
static enum client_exit
add_domain(int fd, const char *domain)
{
	struct packet request, reply;
	char why[WIRE_IMPORT_WHY_MAX] = "";
	enum client_exit code;
	uint8_t became = WIRE_IMPORT_REFUSED;

	packet_init(&request, WIRE_IMPORT);
	packet_init(&reply, 0);
	packet_put_u8(&request, 0);
	packet_put_u32(&request, 1);
	packet_put_u8(&request, WIRE_IMPORT_DOMAIN);
	packet_put_u8(&request, 0);
	packet_put_text(&request, domain);
	code = client_call(fd, &request, &reply);
	if (code == CLIENT_OK) {
		(void)packet_get_u32(&reply);
		became = packet_get_u8(&reply);
		packet_get_text(&reply, why, sizeof(why));
		code = client_end(&reply);
	}
	if (code == CLIENT_OK && became == WIRE_IMPORT_REFUSED) {
		warnx("%s", why);
		code = CLIENT_REFUSED;
	}
	packet_free(&request);
	packet_free(&reply);
	return code;
}

/* Whether users, or aliases, have the domain's postmaster: the first behind all
 * names that come before his. */
static int
has_postmaster(
    int fd, enum wire_type list, const char *domain, const char *name)
{
	struct packet request, reply;
	char first[WIRE_NAME_MAX] = "", before[WIRE_NAME_MAX];

	snprintf(before, sizeof(before), "postmasteq@%s", domain);
	packet_init(&request, list);
	packet_init(&reply, 0);
	packet_put_text(&request, before);
	if (list == WIRE_USER_LIST)
		packet_put_text(&request, domain);
	if (client_call(fd, &request, &reply) == CLIENT_OK &&
	    packet_get_u32(&reply) > 0)
		packet_get_text(&reply, first, sizeof(first));
	packet_free(&request);
	packet_free(&reply);
	return strcasecmp(first, name) == 0;
}

static enum client_exit
add_postmaster(int fd, const char *domain)
{
	char name[WIRE_NAME_MAX];
	char password[WIRE_PASSWORD_MAX];
	struct packet request;

	snprintf(name, sizeof(name), "postmaster@%s", domain);
	if (has_postmaster(fd, WIRE_USER_LIST, domain, name) ||
	    has_postmaster(fd, WIRE_ALIAS_LIST, domain, name))
		return CLIENT_OK;
	if (secret_read(name, password, sizeof(password)) == -1) {
		warnx("the confs and the domain are there: mailctl user add %s "
		      "adds him (init --no-user asks for nobody)",
		    name);
		return CLIENT_REFUSED;
	}
	packet_init(&request, WIRE_USER_ADD);
	packet_put_text(&request, name);
	packet_put_text(&request, password);
	explicit_bzero(password, sizeof(password));
	return ask_finish(fd, &request);
}

static enum client_exit
add_names(int fd, const struct init *i)
{
	enum client_exit code = add_domain(fd, i->domain);

	if (code == CLIENT_OK && i->adds_user)
		code = add_postmaster(fd, i->domain);
	return code;
}

/* Through the helpers that run, or some that run for that alone. */
static enum client_exit
set_up_accounts(const struct init *i)
{
	char conf[4200], path[4200];
	enum client_exit code;
	pid_t helpers = 0;
	int fd;

	snprintf(conf, sizeof(conf), "%s/helpers.conf", i->folder);
	if (where_find(conf, "accounts", path, sizeof(path)) == -1)
		return CLIENT_REFUSED;
	if (is_deserted(path)) {
		if ((helpers = program_start("helpers", i->folder)) == -1)
			return CLIENT_TEMPORARY;
		if (await_socket(path, &helpers) == -1) {
			stop(helpers);
			warnx("the helpers don't start: run helpers -c %s to "
			      "see why",
			    conf);
			return CLIENT_TEMPORARY;
		}
	}
	code = client_connect(path, &fd);
	if (code == CLIENT_OK) {
		code = add_names(fd, i);
		close(fd);
	}
	stop(helpers);
	return code;
}

static void
say_next(const struct init *i)
{
	const char *start = "start helpers, smtpd and pop3d, each with -c and "
			    "its conf";

	if (output_json)
		return;
	if (i->below == NULL && access("/run/systemd/system", F_OK) == 0)
		start = "systemctl enable --now ringmail-helpers "
			"ringmail-smtpd ringmail-pop3d";
	else if (i->below == NULL && access("/etc/init.d/ringmail", X_OK) == 0)
		start = "service ringmail start";
	printf("%s is set up%s.  Next:\n"
	       "  %s\n"
	       "  mailctl user add NAME@%s\n"
	       "  mailctl doctor\n"
	       "What doctor says now:\n",
	    i->domain, i->adds_user ? ", with its postmaster" : "", start,
	    i->domain);
}

static enum client_exit
init(const struct init *i)
{
	enum client_exit code;

	if (geteuid() != 0) {
		warnx("run mailctl init as root");
		return CLIENT_REFUSED;
	}
	if (init_conf_check(i) == -1 || check_users() == -1)
		return CLIENT_REFUSED;
	if (init_conf_write(i) == -1)
		return CLIENT_TEMPORARY;
	if ((code = set_up_accounts(i)) != CLIENT_OK)
		return code;
	say_next(i);
	doctor_command_run(i->folder, NULL, 0);
	return CLIENT_OK;
}

enum client_exit
init_command_run(const char *folder, char **args, int count)
{
	struct init i = {.folder = folder, .adds_user = 1};
	char hostname[NAME_SIZE] = "", full[4096], certificate[4400];

	if (take_line(&i, args, count) == -1) {
		warnx("init takes: " INIT_COMMAND_USAGE);
		return CLIENT_USAGE;
	}
	/* The confs name it, and are read from elsewhere. */
	if (realpath(folder, full) != NULL)
		i.folder = full;
	if (i.hostname == NULL) {
		find_hostname(i.domain, hostname);
		i.hostname = hostname;
	}
	snprintf(certificate, sizeof(certificate), "%s/tls/%s.pem", i.folder,
	    i.hostname);
	if (access(certificate, R_OK) == 0)
		i.certificate = certificate;
	return init(&i);
}
