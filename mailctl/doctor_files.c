/* The folders, and what their file systems promise. */
#include "doctor_parts.h"

#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define PATH_SIZE CONF_DUMP_VALUE_MAX
/* Hundredths of a file system that should be free. */
#define FREE_WARN  10
#define FREE_ERROR 2

/* The mount with the longest path that the folder is below.  0 or -1. */
static int
find_mount(const char *path, struct doctor_mount *m)
{
	char real[PATH_SIZE], text[8192];
	struct mntent entry;
	size_t best = 0, n;
	FILE *file;

	if (strlen(path) >= sizeof(real) || realpath(path, real) == NULL ||
	    (file = setmntent("/proc/self/mounts", "re")) == NULL)
		return -1;
	while (getmntent_r(file, &entry, text, sizeof(text)) != NULL) {
		n = strlen(entry.mnt_dir);
		if (n < best || strncmp(real, entry.mnt_dir, n) != 0 ||
		    (n > 1 && real[n] != '\0' && real[n] != '/'))
			continue;
		best = n;
		snprintf(m->type, sizeof(m->type), "%s", entry.mnt_type);
		snprintf(m->options, sizeof(m->options), "%s", entry.mnt_opts);
		snprintf(m->on, sizeof(m->on), "%s", entry.mnt_dir);
	}
	endmntent(file);
	return best > 0 ? 0 : -1;
}

static int
has_option(const struct doctor_mount *m, const char *option)
{
	struct mntent entry = {0};
	char options[sizeof(m->options)];

	memcpy(options, m->options, sizeof(options));
	entry.mnt_opts = options;
	return hasmntopt(&entry, option) != NULL;
}

void
doctor_files_promises(
    struct doctor *d, const char *what, const struct doctor_mount *m)
{
	static const char *const far[] = {
	    "nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "afs", NULL};
	static const char *const lost[] = {"tmpfs", "ramfs", NULL};
	static const char *const no_links[] = {
	    "vfat", "exfat", "ntfs3", "fuseblk", NULL};

	for (int i = 0; lost[i] != NULL; i++)
		if (strcmp(m->type, lost[i]) == 0)
			doctor_say(d, DOCTOR_ERROR,
			    "put it on a disk: the settings state and mail "
			    "{ root } of helpers.conf",
			    "%s lies in memory (%s): a restart of the machine "
			    "loses it",
			    what, m->type);
	for (int i = 0; no_links[i] != NULL; i++)
		if (strcmp(m->type, no_links[i]) == 0)
			doctor_say(d, DOCTOR_ERROR, "use ext4, xfs or btrfs",
			    "%s lies on %s, which has no rights and no hard "
			    "links",
			    what, m->type);
	for (int i = 0; far[i] != NULL; i++)
		if (strcmp(m->type, far[i]) == 0)
			doctor_say(d, DOCTOR_WARN, "use a local disk",
			    "%s lies on %s: what a sync promises there is its "
			    "server's word",
			    what, m->type);
	if (has_option(m, "nobarrier") || has_option(m, "barrier=0"))
		doctor_say(d, DOCTOR_ERROR, "mount it without that option",
		    "%s is mounted without barriers: mail that was "
		    "acknowledged can be lost when the power fails",
		    m->on);
	if (has_option(m, "ro"))
		doctor_say(d, DOCTOR_ERROR, "mount it for writing",
		    "%s is mounted for reading alone", m->on);
	if (strcmp(m->type, "ext4") == 0 && has_option(m, "data=journal"))
		doctor_say(d, DOCTOR_NOTE, NULL,
		    "%s is mounted with data=journal: safe, and slower than "
		    "data=ordered, which is enough",
		    m->on);
}

void
doctor_files_left(struct doctor *d, const char *what, const char *things,
    unsigned long long left, unsigned long long all)
{
	unsigned hundredths = all == 0 ? 100 : (unsigned)(left * 100 / all);
	enum doctor_level level = hundredths < FREE_ERROR  ? DOCTOR_ERROR
				  : hundredths < FREE_WARN ? DOCTOR_WARN
							   : DOCTOR_GOOD;

	if (all > 0)
		doctor_say(d, level,
		    level == DOCTOR_GOOD
			? NULL
			: "make room, or grow the file system: full, it "
			  "takes no mail (451)",
		    "%s: %u %% of the %s are free", what, hundredths, things);
}

static void
check_space(struct doctor *d, const char *what, const char *path)
{
	long long journal = doctor_number(d, DOCTOR_HELPERS, "journal.size");
	struct statvfs s;

	if (statvfs(path, &s) == -1) {
		doctor_say(
		    d, DOCTOR_ERROR, NULL, "%s: %s", path, strerror(errno));
		return;
	}
	doctor_files_left(d, what, "octets", s.f_bavail, s.f_blocks);
	doctor_files_left(d, what, "inodes", s.f_favail, s.f_files);
	if (journal > 0 && (unsigned long long)s.f_bavail * s.f_frsize <
			       2 * (unsigned long long)journal)
		doctor_say(d, DOCTOR_ERROR, "make room",
		    "%s has no room for the journal (%lld octets)", what,
		    journal);
}

/* Messages are written to files without a name. */
static void
check_unnamed(struct doctor *d, const char *path)
{
	int fd = open(path, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd != -1)
		close(fd);
	else if (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)
		doctor_say(d, DOCTOR_ERROR, "use ext4, xfs or btrfs",
		    "the file system of %s makes no unnamed files "
		    "(O_TMPFILE)",
		    path);
}

/* The folder's owner and mode; others: what they may at most. */
static void
check_rights(struct doctor *d, const char *path, const char *user, mode_t most)
{
	const struct passwd *wanted = getpwnam(user);
	char remedy[512];
	struct stat st;

	if (stat(path, &st) == -1) {
		if (errno == ENOENT)
			doctor_say(d, DOCTOR_NOTE, NULL,
			    "%s is not there: helpers make it when they start",
			    path);
		else
			doctor_say(d, DOCTOR_WARN, "run doctor as root",
			    "%s: %s", path, strerror(errno));
		return;
	}
	snprintf(remedy, sizeof(remedy),
	    "chown %.40s %.200s && chmod %o %.200s", user, path, (unsigned)most,
	    path);
	if (wanted != NULL && st.st_uid != wanted->pw_uid)
		doctor_say(
		    d, DOCTOR_ERROR, remedy, "%s is not %s's", path, user);
	if ((st.st_mode & 07777 & ~most) != 0)
		doctor_say(d, DOCTOR_ERROR, remedy,
		    "others may more in %s than they need (mode %o)", path,
		    (unsigned)st.st_mode & 07777);
}

static void
check_folder(struct doctor *d, const char *what, const char *path)
{
	struct doctor_mount m = {.type = ""};

	if (access(path, F_OK) == -1)
		return;
	if (find_mount(path, &m) == -1) {
		doctor_say(d, DOCTOR_NOTE, NULL,
		    "what %s is mounted with can't be told", path);
		return;
	}
	doctor_say(
	    d, DOCTOR_GOOD, NULL, "%s lies on %s (%s)", what, m.on, m.type);
	doctor_files_promises(d, what, &m);
	check_space(d, what, path);
}

void
doctor_files(struct doctor *d)
{
	char state[PATH_SIZE], mail[PATH_SIZE], user[256];
	char path[PATH_SIZE + 16];

	if (d->confs[DOCTOR_HELPERS].text == NULL)
		return;
	doctor_value(d, DOCTOR_HELPERS, "state", state, sizeof(state));
	doctor_value(d, DOCTOR_HELPERS, "mail.root", mail, sizeof(mail));
	check_folder(d, "the state folder", state);
	check_folder(d, "the mail root", mail);
	check_unnamed(d, mail);
	doctor_value(d, DOCTOR_HELPERS, "users.accounts", user, sizeof(user));
	snprintf(path, sizeof(path), "%s/accounts", state);
	check_rights(d, path, user, 0700);
	doctor_value(d, DOCTOR_HELPERS, "users.mailbox", user, sizeof(user));
	snprintf(path, sizeof(path), "%s/mailbox", state);
	check_rights(d, path, user, 0700);
	doctor_value(d, DOCTOR_HELPERS, "mail.user", user, sizeof(user));
	check_rights(d, mail, user, 0755);
	doctor_value(d, DOCTOR_HELPERS, "keys.folder", path, sizeof(path));
	if (access(path, F_OK) == 0)
		check_rights(d, path, "root", 0700);
}
