#include "doctor_command.h"

#include "doctor.h"
#include "hostname.h"
#include "near.h"
#include "output.h"
#include "program.h"

#include <err.h>
#include <stdio.h>
#include <string.h>

static const struct check {
	const char *name;
	void (*run)(struct doctor *d);
} checks[] = {{"conf", doctor_conf}, {"dns", doctor_dns},
    {"ports", doctor_ports}, {"clock", doctor_clock}, {"tls", doctor_tls},
    {"files", doctor_files}, {"limits", doctor_limits}, {NULL, NULL}};

/* Seconds in which a helper has to answer. */
#define PATIENCE 10
#define CHECKS	 (sizeof(checks) / sizeof(checks[0]) - 1)

/* args: names of checks; none stand for all. */
static enum client_exit
choose(int chosen[CHECKS], char **args, int count)
{
	const char *names[CHECKS + 1] = {NULL};
	size_t k;

	for (k = 0; k < CHECKS; k++) {
		names[k] = checks[k].name;
		chosen[k] = count == 0;
	}
	for (int i = 0; i < count; i++) {
		for (k = 0; k < CHECKS; k++)
			if (strcmp(names[k], args[i]) == 0)
				break;
		if (k == CHECKS) {
			warnx("there is no check \"%.40s\"%s doctor "
			      "takes: " DOCTOR_COMMAND_USAGE,
			    args[i], near_hint(args[i], names));
			return CLIENT_USAGE;
		}
		chosen[k] = 1;
	}
	return CLIENT_OK;
}

/* As smtpd names itself: what its conf says, or this host's full name. */
static void
find_hostname(struct doctor *d)
{
	doctor_value(
	    d, DOCTOR_SMTPD, "hostname", d->hostname, sizeof(d->hostname));
	if (d->hostname[0] == '\0')
		hostname_find(d->hostname, sizeof(d->hostname));
}

static void
print_sums(const struct doctor *d)
{
	if (output_json)
		return;
	if (d->counts[DOCTOR_ERROR] + d->counts[DOCTOR_WARN] == 0)
		printf("nothing is wrong (%u things are good, %u notes)\n",
		    d->counts[DOCTOR_GOOD], d->counts[DOCTOR_NOTE]);
	else
		printf("%u errors, %u warnings, %u notes, %u things are "
		       "good\n",
		    d->counts[DOCTOR_ERROR], d->counts[DOCTOR_WARN],
		    d->counts[DOCTOR_NOTE], d->counts[DOCTOR_GOOD]);
}

enum client_exit
doctor_command_run(const char *folder, char **args, int count)
{
	struct doctor d = {.folder = folder};
	enum client_exit code;
	int chosen[CHECKS];
	char why[512]; /* is told by the check of confs */

	if ((code = choose(chosen, args, count)) != CLIENT_OK)
		return code;
	for (int i = 0; i < DOCTOR_SERVICES; i++)
		if (program_has_conf(program_names[i], folder))
			conf_dump_ask(&d.confs[i], program_names[i], folder,
			    why, sizeof(why));
	client_wait(PATIENCE);
	find_hostname(&d);
	output_begin(1);
	d.area = checks[0].name;
	if (!chosen[0])
		doctor_confs(&d, 0);
	for (size_t i = 0; i < CHECKS; i++) {
		d.area = checks[i].name;
		if (chosen[i])
			checks[i].run(&d);
	}
	output_end();
	print_sums(&d);
	for (int i = 0; i < DOCTOR_SERVICES; i++)
		conf_dump_free(&d.confs[i]);
	if (d.counts[DOCTOR_ERROR] > 0)
		return CLIENT_REFUSED;
	return d.counts[DOCTOR_WARN] > 0 ? CLIENT_WARNED : CLIENT_OK;
}
