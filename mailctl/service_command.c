#include "service_command.h"

#include "log.h"
#include "near.h"
#include "output.h"
#include "program.h"
#include "super_pid.h"

#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define RUN_MAX 1024

/* Which of the programs a command is about. */
struct chosen {
	bool is_it[4];
	bool is_named; /* on the command line: then it must have a conf */
};

static bool
is_chosen(const struct chosen *c, int i, const char *folder)
{
	return c->is_it[i] &&
	       (c->is_named || program_has_conf(program_names[i], folder));
}

/* args: names of programs; none stand for all that have a conf. */
static enum client_exit
choose(struct chosen *c, const char *folder, char **args, int count)
{
	int k;

	if (count == 0 && program_check_folder(folder) == -1)
		return CLIENT_REFUSED;
	*c = (struct chosen){.is_named = count > 0};
	for (int i = 0; program_names[i] != NULL; i++)
		c->is_it[i] = count == 0;
	for (int i = 0; i < count; i++) {
		for (k = 0; program_names[k] != NULL; k++)
			if (strcmp(program_names[k], args[i]) == 0)
				break;
		if (program_names[k] == NULL) {
			warnx("there is no service \"%.40s\"%s", args[i],
			    near_hint(args[i], program_names));
			return CLIENT_USAGE;
		}
		c->is_it[k] = true;
	}
	return CLIENT_OK;
}

enum client_exit
service_command_conf(const char *folder, char **args, int count)
{
	const char *options[] = {"-d", output_json ? "json" : "diff", NULL};
	const char *separator = "";
	enum client_exit code;
	struct chosen chosen;

	if (count > 0 && strcmp(args[0], "--all") == 0) {
		options[1] = output_json ? "json" : "all";
		args++;
		count--;
	}
	if ((code = choose(&chosen, folder, args, count)) != CLIENT_OK)
		return code;
	output_begin(0);
	output_next();
	for (int i = 0; program_names[i] != NULL; i++) {
		if (!is_chosen(&chosen, i, folder))
			continue;
		output_key(program_names[i]);
		if (!output_json)
			printf("%s%s (%s/%s.conf)\n", separator,
			    program_names[i], folder, program_names[i]);
		separator = "\n";
		if (program_run(program_names[i], folder, options, NULL, 0) ==
		    0)
			continue;
		code = CLIENT_REFUSED;
		/* A bad conf has no value, and what it is in stays JSON. */
		if (output_json)
			fputs("null\n", stdout);
	}
	if (code == CLIENT_OK)
		output_end();
	return code;
}

/* The process that runs with the program's conf (part: "" for the program, else
 * a part of it that may be a service of its own): CLIENT_OK and *pid, which is
 * 0 where none does. */
static enum client_exit
find_process(const char *name, const char *folder, const char *part, pid_t *pid)
{
	static const char *const options[] = {"-d", "run", NULL};
	enum client_exit code;
	char run[RUN_MAX];
	size_t length;

	if (program_run(name, folder, options, run, sizeof(run)) != 0)
		return CLIENT_REFUSED;
	length = strlen(run);
	snprintf(run + length, sizeof(run) - length, "%s", part);
	if ((*pid = super_pid_read(run)) != -1)
		return CLIENT_OK;
	code = errno == EACCES ? CLIENT_REFUSED : CLIENT_TEMPORARY;
	warn("%s.pid", run);
	return code;
}

/* What is sent to each service: the signal, with a value for SIGUSR1. */
struct sent {
	int number, value;
};

static enum client_exit
send_to(const char *name, pid_t pid, const struct sent *s)
{
	int number = s->number, value = s->value, sent;

	if (number == SIGUSR1)
		sent =
		    sigqueue(pid, number, (union sigval){.sival_int = value});
	else
		sent = kill(pid, number);
	if (sent == -1) {
		warn("%s (pid %d)", name, (int)pid);
		if (geteuid() != 0)
			warnx("run mailctl as root");
		return CLIENT_REFUSED;
	}
	output_next();
	output_text("service", name);
	output_text("state", "told");
	output_number("pid", (uint64_t)pid);
	if (!output_json)
		printf("%s (pid %d) was told\n", name, (int)pid);
	return CLIENT_OK;
}

static enum client_exit
send_one(const char *name, const char *folder, const struct sent *s)
{
	enum client_exit code;
	pid_t pid;

	if ((code = find_process(name, folder, "", &pid)) != CLIENT_OK)
		return code;
	if (pid != 0)
		return send_to(name, pid, s);
	output_next();
	output_text("service", name);
	output_text("state", "does not run");
	if (!output_json)
		printf("%s does not run\n", name);
	return CLIENT_OK;
}

/* Also to the part of the helpers that may be a service of its own. */
static enum client_exit
send_resolver(const char *folder, const struct sent *s)
{
	enum client_exit code;
	pid_t pid;

	code = find_process("helpers", folder, "/resolver", &pid);
	return code == CLIENT_OK && pid != 0 ? send_to("resolver", pid, s)
					     : code;
}

static enum client_exit
send_all(const struct chosen *chosen, const char *folder, int number, int value)
{
	const struct sent s = {.number = number, .value = value};
	enum client_exit code = CLIENT_OK, one;

	output_begin(1);
	for (int i = 0; program_names[i] != NULL; i++) {
		if (!is_chosen(chosen, i, folder))
			continue;
		one = send_one(program_names[i], folder, &s);
		if (one == CLIENT_OK &&
		    strcmp(program_names[i], "helpers") == 0)
			one = send_resolver(folder, &s);
		if (one != CLIENT_OK)
			code = one;
	}
	if (code == CLIENT_OK)
		output_end();
	return code;
}

/* Checks the confs, and sends this signal. */
static enum client_exit
check_and_send(const char *folder, char **args, int count, int number)
{
	static const char *const options[] = {"-n", NULL};
	enum client_exit code;
	struct chosen chosen;
	char said[64];

	if ((code = choose(&chosen, folder, args, count)) != CLIENT_OK)
		return code;
	/* All or none: a service would keep its old conf by itself. */
	for (int i = 0; program_names[i] != NULL; i++)
		if (is_chosen(&chosen, i, folder) &&
		    program_run(program_names[i], folder, options, said,
			sizeof(said)) != 0)
			code = CLIENT_REFUSED;
	if (code != CLIENT_OK) {
		warnx("no service was told: its old conf holds");
		return code;
	}
	return send_all(&chosen, folder, number, 0);
}

enum client_exit
service_command_reload(const char *folder, char **args, int count)
{
	return check_and_send(folder, args, count, SIGHUP);
}

enum client_exit
service_command_upgrade(const char *folder, char **args, int count)
{
	return check_and_send(folder, args, count, SIGUSR2);
}

enum client_exit
service_command_loglevel(const char *folder, char **args, int count)
{
	enum client_exit code;
	struct chosen chosen;
	int level = LEVEL_ERROR;

	if (count == 0) {
		warnx("loglevel takes: error|warn|info|debug [SERVICE...]");
		return CLIENT_USAGE;
	}
	while (log_levels[level] != NULL &&
	       strcmp(log_levels[level], args[0]) != 0)
		level++;
	if (log_levels[level] == NULL) {
		warnx("\"%.40s\" is none of error, warn, info and debug%s",
		    args[0], near_hint(args[0], log_levels));
		return CLIENT_USAGE;
	}
	if ((code = choose(&chosen, folder, args + 1, count - 1)) != CLIENT_OK)
		return code;
	return send_all(&chosen, folder, SIGUSR1, level);
}
