/* The confs of the three programs, their users, and whether they run. */
#include "doctor_parts.h"

#include "program.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A user that a process becomes: it must be there, and not root. */
static void
check_user(struct doctor *d, enum doctor_service s, const char *setting)
{
	char name[256];
	const struct passwd *user;

	doctor_value(d, s, setting, name, sizeof(name));
	if (name[0] == '\0')
		return;
	if ((user = getpwnam(name)) == NULL)
		doctor_say(d, DOCTOR_ERROR,
		    "add it: useradd --system --user-group --no-create-home "
		    "--shell /usr/sbin/nologin NAME",
		    "there is no system user %s (%s of %s.conf)", name, setting,
		    program_names[s]);
	else if (user->pw_uid == 0)
		doctor_say(d, DOCTOR_ERROR,
		    "give the process a user of its own",
		    "%s of %s.conf names root", setting, program_names[s]);
}

void
doctor_conf_users(struct doctor *d)
{
	const struct conf_dump *helpers = &d->confs[DOCTOR_HELPERS];
	char setting[64] = "";

	while (conf_dump_next(helpers, "users.", setting, sizeof(setting)) == 0)
		check_user(d, DOCTOR_HELPERS, setting);
	check_user(d, DOCTOR_HELPERS, "mail.user");
	check_user(d, DOCTOR_SMTPD, "user");
	check_user(d, DOCTOR_POP3D, "user");
}

static void
check_run(struct doctor *d, enum doctor_service s)
{
	if (doctor_pid(d, s) != 0)
		doctor_say(d, DOCTOR_GOOD, NULL, "%s runs (pid %ld)",
		    program_names[s], doctor_pid(d, s));
	else
		doctor_say(d, s == DOCTOR_POP3D ? DOCTOR_NOTE : DOCTOR_WARN,
		    "start it: systemctl start ringmail-helpers "
		    "ringmail-smtpd ringmail-pop3d (or service ringmail "
		    "start)",
		    "%s does not run", program_names[s]);
}

static void
check_conf(struct doctor *d, enum doctor_service s, int good)
{
	static const char *const options[] = {"-n", NULL};
	const char *name = program_names[s];
	char said[64], why[512];

	if (!program_has_conf(name, d->folder))
		doctor_say(d, s == DOCTOR_POP3D ? DOCTOR_NOTE : DOCTOR_ERROR,
		    "mailctl init DOMAIN writes one", "there is no %s/%s.conf",
		    d->folder, name);
	else if (program_ask(name, d->folder, options, said, sizeof(said), why,
		     sizeof(why)) != 0)
		doctor_say(d, DOCTOR_ERROR, "mend that line",
		    "%s.conf is not good: %s", name, why);
	else if (good)
		doctor_say(d, DOCTOR_GOOD, NULL, "%s/%s.conf is good",
		    d->folder, name);
}

void
doctor_confs(struct doctor *d, int good)
{
	for (int i = 0; i < DOCTOR_SERVICES; i++)
		check_conf(d, (enum doctor_service)i, good);
}

void
doctor_conf(struct doctor *d)
{
	if (geteuid() != 0)
		doctor_say(d, DOCTOR_WARN, "run it by sudo",
		    "without root, not all can be looked at");
	doctor_confs(d, 1);
	for (int i = 0; i < DOCTOR_SERVICES; i++)
		if (d->confs[i].text != NULL)
			check_run(d, (enum doctor_service)i);
	doctor_conf_users(d);
}
