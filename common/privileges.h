/*
 * privileges -- what a process may touch, as one literal at the top of its
 * file, and the one function that gives up all the rest.
 */
#ifndef PRIVILEGES_H
#define PRIVILEGES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PRIVILEGES_PATHS 6
/* Folders that "$homes" may stand for. */
#define PRIVILEGES_HOMES 8

/* What a path rule allows; bits. */
enum privileges_access {
	PATH_READ = 1,	 /* open for reading, list folders */
	PATH_WRITE = 2,	 /* create, write, rename, link, unlink below it */
	PATH_EXECUTE = 4 /* run programs */
};

struct privileges_path {
	const char *path; /* NULL ends the list; see privileges_drop */
	int access;
};

struct privileges {
	const char *process;   /* its name, as in helpers/README.md */
	const char *root;      /* chroot to this; NULL: stays */
	uint64_t capabilities; /* bits UINT64_C(1) << CAP_x that stay */
	uint64_t files;	       /* RLIMIT_NOFILE; 0: the hard limit */
	uint64_t file_size;    /* RLIMIT_FSIZE octets; 0 allows no write to
				  any file; UINT64_MAX: unlimited */
	uint64_t processes;    /* RLIMIT_NPROC is set to 0 where this is 0: then
				  no thread can be started either */
	int is_root; /* it stays root, with no capability but those above: for
			what the system lets nobody else read */
	uid_t lowest_uid; /* with CAP_SETUID: seccomp lets it become no uid or
			     gid below this one */
	struct privileges_path paths[PRIVILEGES_PATHS]; /* Landlock */
	const char *const
	    *calls; /* seccomp allow-list, NULL-terminated:
		       names of system calls, or of groups:
		       "@base" (what every process needs),
		       "@loop", "@socket", "@connect", "@local"
		       (as "@connect", UNIX sockets only), "@thread"
		       (threads only, no processes), "@file",
		       "@process" (processes and programs, in no
		       namespace of their own) */
};

/* What the literal's symbols stand for here, from conf. */
struct privileges_place {
	uid_t uid;
	gid_t gid;
	const char *run;     /* "$run": the folder of the process's sockets */
	const char *state;   /* "$state" */
	const char *mail;    /* "$mail" */
	const char *program; /* "$program"; NULL where nothing asks for it */
	const char *lists;   /* "$lists", if it is there; NULL or "": none */
	/* "$homes": each of these, if it is there, and nothing below */
	char *const *homes;
	size_t homes_count;
};

/*
 * Looks up a system user by name.  0, or -1 with errno (ENOENT: no such user).
 * Only at the start: it reads files.
 */
int privileges_user(const char *name, uid_t *uid, gid_t *gid);

/*
 * Gives up all but what p says, in this order: chroot (paths may begin with
 * $run, $state or $mail), setgroups, setresgid, setresuid (each read back, and
 * the way back tried and found shut), capabilities and bounding set, rlimits,
 * not dumpable, no_new_privs, Landlock (with a log line, once, where the kernel
 * has none), seccomp (a forbidden call fails with EPERM).  Descriptors to be
 * kept must be open by now and others closed (privileges_close_others).
 *
 * Paths mean what they mean before the chroot.  The working directory becomes
 * the root, too.  With CAP_SETUID and CAP_SETGID the effective ids alone may be
 * changed, to lowest_uid and above or back to place's.  Where standard error
 * is a plain file, RLIMIT_FSIZE stays unlimited for the log's sake.  Threads
 * are to be started afterwards.
 *
 * Where the caller is not root, users can't be changed: then it fails, unless
 * place's uid is the caller's own already (with a chroot left out, and said so
 * in the log).  Root is no user to become, save with is_root.  Under Valgrind
 * and sanitizers, which need calls of their own, Landlock and seccomp are left
 * out with a log line.
 *
 * Returns 0; on failure -1 with a log line that names the step: the process
 * must end.
 */
int privileges_drop(
    const struct privileges *p, const struct privileges_place *place);

/* close_range: all descriptors above 2 but the n in keep (sorted here) and the
 * log's. */
int privileges_close_others(int *keep, size_t n);

#endif
