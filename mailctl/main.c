/*
 * mailctl -- manages domains, users, aliases, mailboxes and the services that
 * run: mailctl(8).
 */
#include "command.h"
#include "output.h"
#include "where.h"

#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
put_usage(FILE *to, const char *before, const char *usage)
{
	fprintf(to, "%s%s%s\n", before, usage[0] == '\0' ? "" : " ", usage);
}

static enum client_exit
usage(void)
{
	const struct command_local *l;
	const struct command *c;
	char before[64];

	fprintf(
	    stderr, "usage: mailctl [--json] [-c CONF | -S SOCKET] COMMAND\n");
	for (c = commands; c->noun != NULL; c++) {
		snprintf(before, sizeof(before), "       mailctl %s %s",
		    c->noun, c->verb);
		put_usage(stderr, before, c->usage);
	}
	for (l = command_locals; l->name != NULL; l++) {
		snprintf(before, sizeof(before), "       mailctl %s", l->name);
		put_usage(stderr, before, l->usage);
	}
	fprintf(stderr, "       mailctl -V\n");
	return CLIENT_USAGE;
}

/* For the shell's completion: each command and what follows. */
static enum client_exit
print_commands(void)
{
	const struct command_local *l;
	const struct command *c;

	for (c = commands; c->noun != NULL; c++)
		printf("%s %s\t%s\n", c->noun, c->verb, c->usage);
	for (l = command_locals; l->name != NULL; l++)
		printf("%s\t%s\n", l->name, l->usage);
	return CLIENT_OK;
}

static const struct command *
find(const char *noun, const char *verb)
{
	const struct command *c;

	for (c = commands; c->noun != NULL; c++) {
		if (strcmp(c->noun, noun) == 0 && strcmp(c->verb, verb) == 0)
			return c;
	}
	return NULL;
}

static const struct command_local *
find_local(const char *name)
{
	const struct command_local *l = command_locals;

	while (l->name != NULL && strcmp(l->name, name) != 0)
		l++;
	return l->name == NULL ? NULL : l;
}

static enum client_exit
wrong_count(const char *noun, const char *verb, const char *usage)
{
	warnx("%s%s%s takes: %s", noun, verb[0] == '\0' ? "" : " ", verb,
	    usage[0] == '\0' ? "nothing" : usage);
	return CLIENT_USAGE;
}

static enum client_exit
run_local(
    const struct command_local *l, const char *conf, char **args, int count)
{
	char folder[4096] = "/etc/ringmail";
	const char *slash = conf == NULL ? NULL : strrchr(conf, '/');

	if (count > l->most)
		return wrong_count(l->name, "", l->usage);
	if (slash != NULL)
		snprintf(
		    folder, sizeof(folder), "%.*s", (int)(slash - conf), conf);
	else if (conf != NULL)
		snprintf(folder, sizeof(folder), ".");
	return l->run(folder, args, count);
}

/* Asks a helper, over this socket or, where it is NULL, over the one that the
 * conf names. */
static enum client_exit
run_asking(const char *conf, const char *socket, char **args, int count)
{
	char path[4096];
	const struct command *c;
	enum client_exit code;
	int fd;

	if (count < 2 || (c = find(args[0], args[1])) == NULL)
		return usage();
	if (count - 2 < c->least || count - 2 > c->most)
		return wrong_count(c->noun, c->verb, c->usage);
	if (socket != NULL)
		snprintf(path, sizeof(path), "%s", socket);
	else if (where_find(conf, c->helper, path, sizeof(path)) == -1)
		return CLIENT_USAGE;
	if ((code = client_connect(path, &fd)) != CLIENT_OK)
		return code;
	code = c->run(fd, args + 2, count - 2);
	close(fd);
	return code;
}

static enum client_exit
run(const char *conf, const char *socket, char **args, int count)
{
	const struct command_local *l;
	enum client_exit code;

	if (count > 0 && (l = find_local(args[0])) != NULL)
		code = run_local(l, conf, args + 1, count - 1);
	else
		code = run_asking(conf, socket, args, count);
	if (code == CLIENT_OK && (fflush(stdout) != 0 || ferror(stdout))) {
		warn("standard output");
		code = CLIENT_TEMPORARY;
	}
	return code;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
	    {"json", no_argument, &output_json, 1},
	    {"commands", no_argument, NULL, 'L'}, {NULL, 0, NULL, 0}};
	const char *conf = NULL, *socket = NULL;
	int option;

	signal(SIGPIPE, SIG_IGN);
	while (
	    (option = getopt_long(argc, argv, "+c:S:V", options, NULL)) != -1) {
		switch (option) {
		case 0:
			break;
		case 'c':
			conf = optarg;
			break;
		case 'L':
			return print_commands();
		case 'S':
			socket = optarg;
			break;
		case 'V':
			printf("mailctl (ringmail) %s\n", VERSION);
			return CLIENT_OK;
		default:
			return usage();
		}
	}
	return run(conf, socket, argv + optind, argc - optind);
}
