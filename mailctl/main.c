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
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
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
	char folder[4096] = WHERE_FOLDER;
	const char *slash = conf == NULL ? NULL : strrchr(conf, '/');

	if (usage_check_options(l->usage, args, count) == -1 || count > l->most)
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
	const struct command *c;
	enum client_exit code;
	int fd;

	if (count < 2 || (c = find(args[0], args[1])) == NULL)
		return usage_wrong(args, count);
	if (usage_check_options(c->usage, args + 2, count - 2) == -1 ||
	    count - 2 < c->least || count - 2 > c->most)
		return wrong_count(c->noun, c->verb, c->usage);
	if ((code = where_connect(conf, c->helper, &fd)) != CLIENT_OK)
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

static enum client_exit
finish(enum client_exit code)
{
	int is_lost;

	if (output_json)
		output_finish(code == CLIENT_OK, said_line);
	is_lost = ferror(stdout);
	if (fflush(stdout) != 0)
		warn("standard output");
	else if (is_lost)
		warnx("standard output: not all could be written");
	else
		return code;
	return code == CLIENT_OK ? CLIENT_TEMPORARY : code;
}

static enum client_exit
say_version(void)
{
	if (!output_json)
		printf("mailctl (ringmail) %s\n", VERSION);
	output_begin(0);
	output_next();
	output_text("version", VERSION);
	output_end();
	return CLIENT_OK;
}

/* Descriptors that the caller has closed, so that no socket takes their place:
 * what is written there then fails. */
static int
hold_standard(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	return fd == -1 ? -1 : close(fd);
}

/* Takes off the line what may stand behind a command, too: --json, and --help,
 * for which it returns 'h'. */
static int
take_anywhere(char **args, int *count)
{
	int wanted = 0, kept = 0;

	for (int i = 0; i < *count; i++) {
		if (strcmp(args[i], "--json") == 0)
			output_json = 1;
		else if (strcmp(args[i], "--help") == 0)
			wanted = 'h';
		else
			args[kept++] = args[i];
	}
	*count = kept;
	args[kept] = NULL;
	return wanted;
}

/* What the first words are a command of, or all commands. */
static enum client_exit
help(char **args, int count)
{
	if (count > 1)
		count = find(args[0], args[1]) == NULL ? 1 : 2;
	return usage_help(NULL, args, count);
}

/* The folder of the confs may stand for helpers.conf in it. */
static const char *
find_conf(const char *conf)
{
	static char path[4096];
	struct stat st;

	if (stat(conf, &st) == -1 || !S_ISDIR(st.st_mode))
		return conf;
	snprintf(path, sizeof(path), "%s/helpers.conf", conf);
	return path;
}

/* Does what the line says; args[0] is the program. */
static enum client_exit
do_line(int count, char **args)
{
	static const struct option options[] = {
	    {"json", no_argument, &output_json, 1},
	    {"help", no_argument, NULL, 'h'},
	    {"commands", no_argument, NULL, 'L'}, {NULL, 0, NULL, 0}};
	const char *conf = NULL;
	int option, wanted = take_anywhere(args, &count);

	while ((option = getopt_long(count, args, "+c:S:V", options, NULL)) !=
	       -1) {
		if (option == '?')
			return usage_wrong_option();
		if (option == 'c')
			conf = find_conf(optarg);
		else if (option == 'S')
			where_use(optarg);
		else if (option != 0)
			wanted = option;
	}
	args += optind;
	count -= optind;
	if (wanted == 'h')
		return help(args, count);
	if (wanted == 'L')
		return usage_commands();
	if (wanted == 'V')
		return say_version();
	return run(conf, args, count);
}

int
main(int argc, char **argv)
{
	/* getopt_long names it. */
	if (argc > 0)
		argv[0] = program_invocation_short_name;
	if (hold_standard() == -1)
		return CLIENT_TEMPORARY;
	signal(SIGPIPE, SIG_IGN);
	said_begin();
	return finish(do_line(argc, argv));
}
