#include "privileges_calls.h"

#include "log.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

/* The groups.  A name that this kind of machine has not is passed over. */

static const char *const base[] = {"brk", "clock_getres", "clock_gettime",
    "clock_nanosleep", "close", "close_range", "dup", "exit", "exit_group",
    "fcntl", "fstat", "futex", "getcpu", "getegid", "geteuid", "getgid",
    "getpid", "getppid", "getrandom", "getresgid", "getresuid", "getrlimit",
    "getrusage", "gettid", "gettimeofday", "getuid", "lseek", "madvise",
    "membarrier", "mmap", "mprotect", "mremap", "munmap", "nanosleep",
    "newfstatat", "prctl", "prlimit64", "read", "readv", "restart_syscall",
    "rseq", "rt_sigaction", "rt_sigpending", "rt_sigprocmask", "rt_sigreturn",
    "rt_sigsuspend", "rt_sigtimedwait", "sched_getaffinity", "sched_yield",
    "set_robust_list", "set_tid_address", "sigaltstack", "sysinfo", "tgkill",
    "time", "uname", "write", "writev", NULL};

static const char *const loop[] = {"epoll_create1", "epoll_ctl", "epoll_pwait",
    "epoll_pwait2", "epoll_wait", "eventfd2", "poll", "ppoll", "pselect6",
    "select", "signalfd4", "timerfd_create", "timerfd_gettime",
    "timerfd_settime", NULL};

/* On sockets that are there. */
static const char *const sockets[] = {"accept", "accept4", "getpeername",
    "getsockname", "getsockopt", "recvfrom", "recvmmsg", "recvmsg", "sendmmsg",
    "sendmsg", "sendto", "setsockopt", "shutdown", NULL};

/* To have sockets of one's own. */
static const char *const connections[] = {"bind", "connect", "socket", NULL};

/* Likewise, but UNIX sockets alone: see allow_local. */
static const char *const local[] = {"connect", NULL};

/* The last one: a thread that lets the others go first. */
static const char *const threads[] = {"clone", "clone3", "sched_setattr", NULL};

/* And "clone" for processes, as well as for threads: see allow_processes. */
static const char *const processes[] = {"alarm", "arch_prctl", "chdir",
    "clone3", "dup2", "dup3", "execve", "fork", "getgroups", "getpgid",
    "getpgrp", "getsid", "ioctl", "kill", "pipe", "pipe2", "setitimer",
    "setpgid", "setrlimit", "setsid", "socketpair", "times", "vfork", "wait4",
    "waitid", NULL};

static const char *const files[] = {"access", "chmod", "copy_file_range",
    "faccessat", "faccessat2", "fadvise64", "fallocate", "fchdir", "fchmod",
    "fchmodat", "fdatasync", "flock", "fstatfs", "fsync", "ftruncate", "getcwd",
    "getdents64", "link", "linkat", "lstat", "memfd_create", "mkdir", "mkdirat",
    "msync", "open", "openat", "openat2", "pread64", "preadv", "preadv2",
    "pwrite64", "pwritev", "pwritev2", "readahead", "readlink", "readlinkat",
    "rename", "renameat", "renameat2", "rmdir", "sendfile", "stat", "statfs",
    "statx", "sync_file_range", "syncfs", "truncate", "umask", "unlink",
    "unlinkat", "utimensat", NULL};

static const struct {
	const char *name;
	const char *const *calls;
} groups[] = {
    {"@base", base},
    {"@loop", loop},
    {"@socket", sockets},
    {"@connect", connections},
    {"@local", local},
    {"@thread", threads},
    {"@file", files},
    {"@process", processes},
};

/* Who a process is must never hang on a list of names. */
static const char *const never[] = {"capset", "setfsgid", "setfsuid", "setgid",
    "setgroups", "setregid", "setreuid", "setuid", NULL};
/* Allowed by a capability, whether they are named or not. */
static const char *const by_capability[] = {"setresgid", "setresuid", NULL};

#define LOW_BITS UINT64_C(0xffffffff)

static bool
is_in(const char *name, const char *const *list)
{
	for (; *list != NULL; list++)
		if (strcmp(name, *list) == 0)
			return true;
	return false;
}

static int
result(int code)
{
	if (code == 0 || code == -EEXIST)
		return 0;
	errno = -code;
	return -1;
}

static int
allow_prctl(scmp_filter_ctx filter, int call)
{
	static const unsigned operations[] = {PR_SET_NAME, PR_SET_PDEATHSIG};
	int r = 0;

	for (size_t i = 0; i < 2 && r == 0; i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1,
		    SCMP_A0(SCMP_CMP_MASKED_EQ, LOW_BITS, operations[i]));
	return r;
}

static int
allow_call(scmp_filter_ctx filter, const char *name)
{
	int call = seccomp_syscall_resolve_name(name);
	const uint64_t thread = CLONE_VM | CLONE_THREAD;

	if (call == __NR_SCMP_ERROR || is_in(name, never)) {
		errno = EINVAL;
		return -1;
	}
	/* Below 0: a call of other machines. */
	if (call < 0 || is_in(name, by_capability))
		return 0;
	if (strcmp(name, "clone") == 0)
		return result(seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1,
		    SCMP_A0(SCMP_CMP_MASKED_EQ, thread, thread)));
	if (strcmp(name, "clone3") == 0)
		return result(
		    seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), call, 0));
	if (strcmp(name, "prctl") == 0)
		return result(allow_prctl(filter, call));
	return result(seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0));
}

static int
allow_list(scmp_filter_ctx filter, const char *const *calls)
{
	for (; *calls != NULL; calls++) {
		if (allow_call(filter, *calls) == 0)
			continue;
		log_error("privileges.call", log_text("name", *calls),
		    log_errno(errno));
		return -1;
	}
	return 0;
}

static int
allow_processes(scmp_filter_ctx filter)
{
	const uint64_t spaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS |
				CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |
				CLONE_NEWNET;

	return result(seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone),
	    1, SCMP_A0(SCMP_CMP_MASKED_EQ, spaces, 0)));
}

static int
allow_local(scmp_filter_ctx filter)
{
	return result(seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket),
	    1, SCMP_A0(SCMP_CMP_MASKED_EQ, LOW_BITS, AF_UNIX)));
}

static int
allow_named(scmp_filter_ctx filter, const char *name)
{
	size_t i;

	if (*name != '@')
		return allow_list(filter, (const char *const[]){name, NULL});
	if (strcmp(name, "@local") == 0 && allow_local(filter) == -1)
		return -1;
	if (strcmp(name, "@process") == 0 && allow_processes(filter) == -1)
		return -1;
	for (i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		if (strcmp(name, groups[i].name) == 0)
			return allow_list(filter, groups[i].calls);
	log_error("privileges.group", log_text("name", name));
	errno = EINVAL;
	return -1;
}

/* call(-1, x, -1) where x agrees with value in the bits of mask. */
static int
allow_effective(scmp_filter_ctx filter, int call, uint64_t mask, uint64_t value)
{
	return result(seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 3,
	    SCMP_A0(SCMP_CMP_MASKED_EQ, LOW_BITS, LOW_BITS),
	    SCMP_A1(SCMP_CMP_MASKED_EQ, mask, value),
	    SCMP_A2(SCMP_CMP_MASKED_EQ, LOW_BITS, LOW_BITS)));
}

/*
 * The kernel sees the low 32 bits of an id, seccomp compares 64: "not below
 * lowest" would let 1 << 32 pass, which is root.  So the range is spelt as
 * aligned blocks whose size is a power of two, and the high bits don't count.
 */
static int
allow_ids(scmp_filter_ctx filter, int call, uint64_t lowest, uint64_t own)
{
	uint64_t first, size;

	if (lowest == 0 || own == 0) {
		errno = EINVAL;
		return -1;
	}
	if (allow_effective(filter, call, LOW_BITS, own) == -1)
		return -1;
	for (first = lowest; first <= LOW_BITS; first += size) {
		size = first & -first;
		if (allow_effective(
			filter, call, LOW_BITS & ~(size - 1), first) == -1)
			return -1;
	}
	return 0;
}

static int
fill_filter(scmp_filter_ctx filter, const struct privileges *p,
    const struct privileges_place *own)
{
	const char *const *name;

	for (name = p->calls; *name != NULL; name++)
		if (allow_named(filter, *name) == -1)
			return -1;
	if ((p->capabilities & UINT64_C(1) << CAP_SETUID) != 0 &&
	    allow_ids(filter, SCMP_SYS(setresuid), p->lowest_uid, own->uid) ==
		-1)
		return -1;
	if ((p->capabilities & UINT64_C(1) << CAP_SETGID) != 0 &&
	    allow_ids(filter, SCMP_SYS(setresgid), p->lowest_uid, own->gid) ==
		-1)
		return -1;
	return 0;
}

int
privileges_calls_enforce(
    const struct privileges *p, const struct privileges_place *own)
{
	scmp_filter_ctx filter;
	int r;

	if (p->calls == NULL) {
		errno = EINVAL;
		return -1;
	}
	if ((filter = seccomp_init(SCMP_ACT_ERRNO(EPERM))) == NULL) {
		errno = ENOMEM;
		return -1;
	}
	r = fill_filter(filter, p, own);
	if (r == 0)
		r = result(seccomp_load(filter));
	seccomp_release(filter);
	return r;
}
