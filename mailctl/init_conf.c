#include "init_conf.h"

#include "output.h"
#include "program.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE 4200
/* Confs of a name that are put aside. */
#define ASIDE_MOST 1000

int
init_conf_check(const struct init *i)
{
	int found = 0;

	for (int k = 0; program_names[k] != NULL; k++) {
		if (!program_has_conf(program_names[k], i->folder))
			continue;
		found = 1;
		if (!i->is_forced)
			warnx("%s/%s.conf is there already", i->folder,
			    program_names[k]);
	}
	if (!found || i->is_forced)
		return 0;
	warnx("nothing was changed: edit them, or give --force, which puts "
	      "them aside as *.conf.old");
	return -1;
}

static void
write_smtpd(FILE *f, const struct init *i)
{
	fprintf(f,
	    "# smtpd.conf -- see smtpd.conf(5); mailctl conf --all shows all "
	    "settings.\n\n"
	    "hostname = \"%s\"\n"
	    "listen = {\"0.0.0.0:25\", \"[::]:25\"}\n",
	    i->hostname);
	if (i->certificate != NULL)
		fprintf(f,
		    "listen_submission = {\"0.0.0.0:587\", \"[::]:587\"}\n"
		    "listen_tls = {\"0.0.0.0:465\", \"[::]:465\"}\n\n"
		    "tls {\n\tcertificates = {\"%s\"}\n}\n",
		    i->certificate);
	else
		fprintf(f,
		    "\n# Users hand in their mail by TLS, once there is a "
		    "certificate:\n"
		    "#listen_submission = {\"0.0.0.0:587\", \"[::]:587\"}\n"
		    "#listen_tls = {\"0.0.0.0:465\", \"[::]:465\"}\n"
		    "#tls {\n#\tcertificates = {\"%s/tls/%s.pem\"}\n#}\n",
		    i->folder, i->hostname);
	if (i->below != NULL)
		fprintf(f, "\nrun = \"%s/run/smtpd\"\n", i->below);
}

static void
write_pop3d(FILE *f, const struct init *i)
{
	fprintf(f,
	    "# pop3d.conf -- see pop3d.conf(5); mailctl conf --all shows all "
	    "settings.\n\n"
	    "hostname = \"%s\"\n"
	    "listen = {\"0.0.0.0:110\", \"[::]:110\"}\n",
	    i->hostname);
	if (i->certificate != NULL)
		fprintf(f,
		    "listen_tls = {\"0.0.0.0:995\", \"[::]:995\"}\n\n"
		    "tls {\n\tcertificates = {\"%s\"}\n}\n",
		    i->certificate);
	else
		fprintf(f,
		    "\n# Passwords come by TLS, once there is a "
		    "certificate:\n"
		    "#listen_tls = {\"0.0.0.0:995\", \"[::]:995\"}\n"
		    "#tls {\n#\tcertificates = {\"%s/tls/%s.pem\"}\n#}\n",
		    i->folder, i->hostname);
	if (i->below != NULL)
		fprintf(f, "\nrun = \"%s/run/pop3d\"\n", i->below);
}

static void
write_helpers(FILE *f, const struct init *i)
{
	fprintf(f,
	    "# helpers.conf -- see helpers.conf(5); mailctl conf --all shows "
	    "all settings.\n\n");
	if (i->below != NULL)
		fprintf(f,
		    "run = \"%s/run\"\nstate = \"%s/state\"\n\n"
		    "mail {\n\troot = \"%s/mail\"\n}\n\n",
		    i->below, i->below, i->below);
	fprintf(f,
	    "# Private keys of TLS: NAME.pem or NAME.key, owner root, mode "
	    "600.\n"
	    "keys {\n\tfolder = \"%s/keys\"\n}\n\n"
	    "accounts {\n\tdefault_domain = \"%s\"\n}\n",
	    i->folder, i->domain);
}

/* As the programs are numbered. */
#define CONFS 3
static void (*const writers[CONFS])(FILE *f, const struct init *i) = {
    write_smtpd, write_pop3d, write_helpers};

/* Puts what is there aside, and the new one in its place. */
static int
put_in_place(const char *written, const char *place)
{
	char aside[PATH_SIZE + 32];

	/* What was put aside before stays, and there is always a conf. */
	snprintf(aside, sizeof(aside), "%s.old", place);
	for (int n = 2; link(place, aside) == -1 && errno != ENOENT; n++) {
		if (errno != EEXIST || n == ASIDE_MOST) {
			warn("%s", aside);
			return -1;
		}
		snprintf(aside, sizeof(aside), "%s.old.%d", place, n);
	}
	if (rename(written, place) == 0)
		return 0;
	warn("%s", place);
	return -1;
}

static int
write_one(const struct init *i, int k)
{
	char path[PATH_SIZE], new[PATH_SIZE + 8];
	int fd, result = -1;
	FILE *f = NULL;

	snprintf(path, sizeof(path), "%s/%s.conf", i->folder, program_names[k]);
	snprintf(new, sizeof(new), "%s.XXXXXX", path);
	if ((fd = mkstemp(new)) == -1 || fchmod(fd, 0644) == -1 ||
	    (f = fdopen(fd, "w")) == NULL) {
		warn("%s", new);
		if (fd != -1) {
			close(fd);
			unlink(new);
		}
		return -1;
	}
	writers[k](f, i);
	if (fflush(f) == 0 && !ferror(f) && fsync(fd) == 0)
		result = 0;
	else
		warn("%s", new);
	fclose(f);
	if (result == 0)
		result = put_in_place(new, path);
	if (result == -1)
		unlink(new);
	else if (!output_json)
		printf("wrote %s\n", path);
	return result;
}

static int
make_folder(const char *path, mode_t mode)
{
	if (mkdir(path, mode) == 0 || errno == EEXIST)
		return 0;
	warn("%s", path);
	return -1;
}

int
init_conf_write(const struct init *i)
{
	char path[PATH_SIZE];

	if (make_folder(i->folder, 0755) == -1 ||
	    (i->below != NULL && make_folder(i->below, 0755) == -1))
		return -1;
	snprintf(path, sizeof(path), "%s/keys", i->folder);
	if (make_folder(path, 0700) == -1)
		return -1;
	snprintf(path, sizeof(path), "%s/tls", i->folder);
	if (make_folder(path, 0755) == -1)
		return -1;
	for (int k = 0; k < CONFS; k++)
		if (write_one(i, k) == -1)
			return -1;
	return 0;
}
