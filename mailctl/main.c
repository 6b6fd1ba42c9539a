/*
 * mailctl -- manages domains, users, aliases, mailboxes and the services that
 * run: mailctl(8).
 */
#include "command.h"
#include "output.h"
#include "said.h"
#include "usage.h"
#include "where.h"

#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/* Asks a helper. */
static enum client_exit
run_asking(const char *conf, char **args, int count)
{
	char path[4096];
	const struct command *c;
	enum client_exit code;
	int fd;

	if (count < 2 || (c = find(args[0], args[1])) == NULL)
		return usage_wrong(args, count);
	if (count - 2 < c->least || count - 2 > c->most)
		return wrong_count(c->noun, c->verb, c->usage);
	if (where_find(conf, c->helper, path, sizeof(path)) == -1)
		return CLIENT_USAGE;
	if ((code = client_connect(path, &fd)) != CLIENT_OK)
		return code;
	code = c->run(fd, args + 2, count - 2);
	close(fd);
	return code;
}

static enum client_exit
run(const char *conf, char **args, int count)
{
	const struct command_local *l;

	if (count > 0 && (l = find_local(args[0])) != NULL)
		return run_local(l, conf, args + 1, count - 1);
	return run_asking(conf, args, count);
}

/* With --json there is one value on standard output, whatever happened. */
static enum client_exit
finish(enum client_exit code)
{
	if (output_json && !output_is_begun()) {
		output_begin(0);
		output_next();
		output_truth("done", code == CLIENT_OK);
		output_texts("errors", said_line);
		output_end();
	}
	if (fflush(stdout) != 0 || ferror(stdout)) {
		warn("standard output");
		code = code == CLIENT_OK ? CLIENT_TEMPORARY : code;
	}
	return code;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
	    {"json", no_argument, &output_json, 1},
	    {"help", no_argument, NULL, 'h'},
	    {"commands", no_argument, NULL, 'L'}, {NULL, 0, NULL, 0}};
	const char *conf = NULL;
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
		case 'h':
			return finish(usage_help(NULL, NULL, 0));
		case 'L':
			return finish(usage_commands());
		case 'S':
			where_use(optarg);
			break;
		case 'V':
			printf("mailctl (ringmail) %s\n", VERSION);
			return finish(CLIENT_OK);
		default:
			return usage_wrong(NULL, 0);
		}
	}
	said_begin();
	return finish(run(conf, argv + optind, argc - optind));
}
