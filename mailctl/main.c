/*
 * mailctl -- manages domains, users and aliases: mailctl(8).
 */
#include "command.h"

#include <confuse.h>
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RUN_FOLDER   "/run/ringmail"
#define ADMIN_SOCKET "admin/accounts"

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

/*
 * The socket's path by the run folder of helpers.conf, of which everything
 * else is passed over: the helpers themselves check it.
 */
static enum client_exit
socket_from_conf(const char *conf, char *path, size_t size)
{
	cfg_opt_t options[] = {
	    CFG_STR("run", RUN_FOLDER, CFGF_NONE), CFG_END()};
	enum client_exit code = CLIENT_USAGE;
	cfg_t *cfg;

	if ((cfg = cfg_init(options, CFGF_IGNORE_UNKNOWN)) == NULL)
		err(CLIENT_TEMPORARY, "libconfuse");
	switch (cfg_parse(cfg, conf)) {
	case CFG_SUCCESS:
		snprintf(
		    path, size, "%s/%s", cfg_getstr(cfg, "run"), ADMIN_SOCKET);
		code = CLIENT_OK;
		break;
	case CFG_FILE_ERROR:
		warn("%s", conf);
		break;
	default: /* libconfuse has said where */
		warnx("%s can't be read; check it with: helpers -n -c %s", conf,
		    conf);
	}
	cfg_free(cfg);
	return code;
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

static enum client_exit
run(const char *path, char **args, int count)
{
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
	char path[4096] = RUN_FOLDER "/" ADMIN_SOCKET;
	enum client_exit code;
	int option;

	signal(SIGPIPE, SIG_IGN);
	while ((option = getopt(argc, argv, "+c:S:V")) != -1) {
		switch (option) {
		case 'c':
			code = socket_from_conf(optarg, path, sizeof(path));
			if (code != CLIENT_OK)
				return code;
			break;
		case 'S':
			snprintf(path, sizeof(path), "%s", optarg);
			break;
		case 'V':
			printf("mailctl (ringmail) %s\n", VERSION);
			return CLIENT_OK;
		default:
			return usage();
		}
	}
	return run(path, argv + optind, argc - optind);
}
