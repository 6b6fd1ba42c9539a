/*
 * mailctl -- manages domains, users, aliases and mailboxes: mailctl(8).
 */
#include "command.h"
#include "where.h"

#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum client_exit
usage(void)
{
	const struct command *c;

	fprintf(stderr, "usage: mailctl [-c CONF | -S SOCKET] COMMAND\n");
	for (c = commands; c->noun != NULL; c++)
		fprintf(stderr, "       mailctl %s %s%s%s\n", c->noun, c->verb,
		    c->usage[0] == '\0' ? "" : " ", c->usage);
	fprintf(stderr, "       mailctl -V\n");
	return CLIENT_USAGE;
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

/* Does what args say, over this socket or, where it is NULL, over the one that
 * the conf names. */
static enum client_exit
run(const char *conf, const char *socket, char **args, int count)
{
	char path[4096];
	const struct command *c;
	enum client_exit code;
	int fd;

	if (count < 2 || (c = find(args[0], args[1])) == NULL)
		return usage();
	if (count - 2 < c->least || count - 2 > c->most) {
		warnx("%s %s takes: %s", c->noun, c->verb,
		    c->usage[0] == '\0' ? "nothing" : c->usage);
		return CLIENT_USAGE;
	}
	if (socket != NULL)
		snprintf(path, sizeof(path), "%s", socket);
	else if (where_find(conf, c->helper, path, sizeof(path)) == -1)
		return CLIENT_USAGE;
	if ((code = client_connect(path, &fd)) != CLIENT_OK)
		return code;
	code = c->run(fd, args + 2, count - 2);
	close(fd);
	if (code == CLIENT_OK && (fflush(stdout) != 0 || ferror(stdout))) {
		warn("standard output");
		code = CLIENT_TEMPORARY;
	}
	return code;
}

int
main(int argc, char **argv)
{
	const char *conf = NULL, *socket = NULL;
	int option;

	signal(SIGPIPE, SIG_IGN);
	while ((option = getopt(argc, argv, "+c:S:V")) != -1) {
		switch (option) {
		case 'c':
			conf = optarg;
			break;
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
