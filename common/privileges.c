#include "privileges.h"

#include "log.h"
#include "privileges_calls.h"
#include "privileges_paths.h"
#include "sanitize.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/securebits.h>

#define CAPABILITY(c) (UINT64_C(1) << (c))

/* Valgrind and sanitizers make calls and open files of their own. */
static bool
is_instrumented(void)
{
#if defined(SANITIZE_ASAN) || defined(SANITIZE_TSAN)
	return true;
#elif defined(RUNNING_ON_VALGRIND)
	return RUNNING_ON_VALGRIND != 0;
#else
	return false;
#endif
}

int
privileges_user(const char *name, uid_t *uid, gid_t *gid)
{
	struct passwd entry, *found = NULL;
	size_t size = 1024;
	char *text = NULL, *larger;
	int code;

	do {
		size *= 2;
		if ((larger = realloc(text, size)) == NULL) {
			free(text);
			return -1;
		}
		text = larger;
		code = getpwnam_r(name, &entry, text, size, &found);
	} while (code == ERANGE && size < 1048576);
	if (found != NULL) {
		*uid = entry.pw_uid;
		*gid = entry.pw_gid;
	}
	free(text);
	if (found != NULL)
		return 0;
	errno = code != 0 ? code : ENOENT;
	return -1;
}

/*
 * Someone without root can't change the root directory.  The working directory
 * is the folder in either case, so that relative paths mean the same.
 */
static int
change_root(const struct privileges *p, const struct privileges_place *place)
{
	char path[PATH_MAX];

	if (p->root == NULL)
		return 0;
	if (privileges_paths_expand(place, p->root, path, sizeof(path)) == -1)
		return -1;
	if (geteuid() == 0)
		return chroot(path) == -1 || chdir("/") == -1 ? -1 : 0;
	log_warn("privileges.no_chroot", log_text("process", p->process),
	    log_text("path", path));
	return chdir(path);
}

static bool
is_user(uid_t uid)
{
	uid_t real, effective, saved;

	return getresuid(&real, &effective, &saved) == 0 && real == uid &&
	       effective == uid && saved == uid;
}

static bool
is_group(gid_t gid)
{
	gid_t real, effective, saved;

	return getresgid(&real, &effective, &saved) == 0 && real == gid &&
	       effective == gid && saved == gid && getgroups(0, NULL) == 0;
}

static int
change_user(const struct privileges *p, const struct privileges_place *place)
{
	errno = EPERM;
	if (p->is_root)
		return geteuid() == 0 && setgroups(0, NULL) == 0 &&
			       setresgid(0, 0, 0) == 0 && is_user(0) &&
			       is_group(0)
			   ? 0
			   : -1;
	if (geteuid() != 0)
		return is_user(place->uid) ? 0 : -1;
	if (place->uid == 0 || place->gid == 0)
		return -1;
	if (prctl(PR_SET_KEEPCAPS, 1) == -1 || setgroups(0, NULL) == -1 ||
	    setresgid(place->gid, place->gid, place->gid) == -1 ||
	    setresuid(place->uid, place->uid, place->uid) == -1)
		return -1;
	errno = EPERM;
	return is_user(place->uid) && is_group(place->gid) ? 0 : -1;
}

/* Makes exactly the bits the effective and permitted capabilities. */
static int
set_capabilities(uint64_t bits)
{
	cap_t wanted = cap_init(), found = NULL;
	cap_value_t c;
	int r = -1;

	if (wanted == NULL)
		return -1;
	for (c = 0; c < 64; c++)
		if ((bits & CAPABILITY(c)) != 0 &&
		    (cap_set_flag(wanted, CAP_PERMITTED, 1, &c, CAP_SET) ==
			    -1 ||
			cap_set_flag(wanted, CAP_EFFECTIVE, 1, &c, CAP_SET) ==
			    -1))
			goto out;
	if (cap_set_proc(wanted) == -1 || (found = cap_get_proc()) == NULL)
		goto out;
	errno = EPERM;
	r = cap_compare(wanted, found) == 0 ? 0 : -1;
out:
	cap_free(wanted);
	if (found != NULL)
		cap_free(found);
	return r;
}

static bool
is_permitted(cap_value_t c)
{
	cap_flag_value_t value = CAP_CLEAR;
	cap_t found = cap_get_proc();

	if (found == NULL)
		return false;
	if (cap_get_flag(found, c, CAP_PERMITTED, &value) == -1)
		value = CAP_CLEAR;
	cap_free(found);
	return value == CAP_SET;
}

/* No exec gives any of them back: with the right to say so. */
static int
close_bounds(void)
{
	const int bits = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED |
			 SECBIT_KEEP_CAPS_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE |
			 SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;
	cap_value_t c;

	for (c = 0; c < cap_max_bits(); c++)
		if (cap_get_bound(c) == 1 && cap_drop_bound(c) == -1)
			return -1;
	return prctl(PR_SET_SECUREBITS, bits);
}

static int
drop_capabilities(
    const struct privileges *p, const struct privileges_place *place)
{
	(void)place;
	if (is_permitted(CAP_SETPCAP) &&
	    (set_capabilities(p->capabilities | CAPABILITY(CAP_SETPCAP)) ==
		    -1 ||
		close_bounds() == -1))
		return -1;
	if (cap_reset_ambient() == -1)
		return -1;
	return set_capabilities(p->capabilities);
}

static int
set_limit(__rlimit_resource_t resource, rlim_t value)
{
	struct rlimit limit = {value, value};

	return setrlimit(resource, &limit);
}

static int
set_files_limit(uint64_t files)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == -1)
		return -1;
	if (files == 0 || files > limit.rlim_max)
		files = limit.rlim_max;
	limit.rlim_cur = files;
	/* Valgrind keeps descriptors of its own above the hard limit. */
	if (!is_instrumented())
		limit.rlim_max = files;
	return setrlimit(RLIMIT_NOFILE, &limit);
}

/* The log must still be written where it is a plain file. */
static int
set_file_size_limit(const struct privileges *p)
{
	struct stat st;

	if (p->file_size == UINT64_MAX)
		return set_limit(RLIMIT_FSIZE, RLIM_INFINITY);
	if (fstat(STDERR_FILENO, &st) == 0 && S_ISREG(st.st_mode)) {
		log_info("privileges.log_is_file",
		    log_text("process", p->process),
		    log_text("unlimited", "file_size"));
		return set_limit(RLIMIT_FSIZE, RLIM_INFINITY);
	}
	/* Above the limit a write fails with EFBIG; it shall not kill. */
	if (signal(SIGXFSZ, SIG_IGN) == SIG_ERR)
		return -1;
	return set_limit(RLIMIT_FSIZE, p->file_size);
}

static int
set_limits(const struct privileges *p, const struct privileges_place *place)
{
	(void)place;
	if (set_limit(RLIMIT_CORE, 0) == -1 ||
	    set_files_limit(p->files) == -1 || set_file_size_limit(p) == -1)
		return -1;
	return p->processes == 0 ? set_limit(RLIMIT_NPROC, 0) : 0;
}

static int
lock_down(const struct privileges *p, const struct privileges_place *place)
{
	(void)p;
	(void)place;
	/* The leak checker needs to look into its own process. */
	if (prctl(PR_SET_DUMPABLE, is_instrumented() ? 1 : 0, 0, 0, 0) == -1)
		return -1;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/*
 * With CAP_SETUID it is seccomp that shuts the way back; so this is tried last,
 * and can't be where that was left out.
 */
static int
try_way_back(const struct privileges *p, const struct privileges_place *place)
{
	const uint64_t changes =
	    CAPABILITY(CAP_SETUID) | CAPABILITY(CAP_SETGID);

	(void)place;
	if (p->is_root ||
	    (is_instrumented() && (p->capabilities & changes) != 0))
		return 0;
	if (setresuid(0, 0, 0) == -1 && setresgid(0, 0, 0) == -1 &&
	    setresuid((uid_t)-1, 0, (uid_t)-1) == -1 &&
	    setresgid((gid_t)-1, 0, (gid_t)-1) == -1)
		return 0;
	errno = EPERM;
	return -1;
}

struct step {
	const char *name;
	int (*run)(const struct privileges *, const struct privileges_place *);
};

static int
run_steps(const struct step *steps, const struct privileges *p,
    const struct privileges_place *place)
{
	for (; steps->name != NULL; steps++) {
		if (steps->run(p, place) == 0)
			continue;
		log_error("privileges.failed", log_text("process", p->process),
		    log_text("step", steps->name), log_errno(errno));
		return -1;
	}
	return 0;
}

static int
enforce(const struct privileges *p, const struct privileges_place *place,
    const struct privileges_paths *paths)
{
	static const struct step last[] = {
	    {"seccomp", privileges_calls_enforce}, {NULL, NULL}};

	if (is_instrumented()) {
		log_warn("privileges.instrumented",
		    log_text("process", p->process),
		    log_text("left_out", "landlock, seccomp"));
		return 0;
	}
	if (privileges_paths_enforce(paths) == -1) {
		log_error("privileges.failed", log_text("process", p->process),
		    log_text("step", "landlock"), log_errno(errno));
		return -1;
	}
	return run_steps(last, p, place);
}

int
privileges_drop(
    const struct privileges *p, const struct privileges_place *place)
{
	static const struct step first[] = {{"chroot", change_root},
	    {"user", change_user}, {"capabilities", drop_capabilities},
	    {"limits", set_limits}, {"no_new_privs", lock_down}, {NULL, NULL}};
	static const struct step last[] = {
	    {"way_back", try_way_back}, {NULL, NULL}};
	struct privileges_paths paths;
	int r;

	/* Paths mean what they mean outside of the new root. */
	if (privileges_paths_open(&paths, p, place) == -1)
		return -1;
	r = run_steps(first, p, place);
	if (r == 0)
		r = enforce(p, place, &paths);
	privileges_paths_close(&paths);
	if (r == 0)
		r = run_steps(last, p, place);
	return r;
}

static int
compare(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

/* Both ends are closed too. */
static int
close_span(unsigned first, unsigned last)
{
	unsigned fd, end = (unsigned)sysconf(_SC_OPEN_MAX);

	if (first > last || close_range(first, last, 0) == 0)
		return 0;
	if (errno != ENOSYS)
		return -1;
	for (fd = first; fd <= last && fd < end; fd++)
		close((int)fd);
	return 0;
}

static int
close_but_log(unsigned first, unsigned last)
{
	int log = log_descriptor();

	if (log == -1 || (unsigned)log < first || (unsigned)log > last)
		return close_span(first, last);
	if (close_span(first, (unsigned)log - 1) == -1)
		return -1;
	return close_span((unsigned)log + 1, last);
}

int
privileges_close_others(int *keep, size_t n)
{
	unsigned first = STDERR_FILENO + 1;
	size_t i;

	if (n > 0)
		qsort(keep, n, sizeof(*keep), compare);
	for (i = 0; i < n; i++) {
		if (keep[i] < (int)first)
			continue;
		if (close_but_log(first, (unsigned)keep[i] - 1) == -1)
			return -1;
		first = (unsigned)keep[i] + 1;
	}
	return close_but_log(first, UINT_MAX);
}
